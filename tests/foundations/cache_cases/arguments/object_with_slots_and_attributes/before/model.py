class A:
    __slots__ = ('n',)

class B(A):
    def __init__(self, n):
        self.n = n
        self.k = 0

def answer(x):
    return x.n
