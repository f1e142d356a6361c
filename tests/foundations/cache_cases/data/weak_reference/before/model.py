import weakref

class A:
    def __init__(self, n):
        self.n = n

KEEP = A(1)
REF = weakref.ref(KEEP)

def answer():
    return REF().n
