import weakref

class A:
    def __init__(self, n):
        self.n = n

KEEP = A(1)
P = weakref.proxy(KEEP)

def answer():
    return P.n
