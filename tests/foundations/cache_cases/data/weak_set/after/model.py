import weakref

class A:
    def __init__(self, n):
        self.n = n

KEEP = A(2)
ALL = weakref.WeakSet([KEEP])

def answer():
    return [a.n for a in ALL]
