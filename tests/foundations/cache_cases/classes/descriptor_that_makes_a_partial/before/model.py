from d import Bind

class A:
    run = Bind()

def answer():
    return A().run(2)
