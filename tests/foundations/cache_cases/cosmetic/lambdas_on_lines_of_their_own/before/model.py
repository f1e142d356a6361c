A, B = (lambda x: x + 1), (lambda x: x + 2)

def answer():
    return B(1)
