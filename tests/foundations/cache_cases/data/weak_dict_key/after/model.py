import weakref

class A:
    def __init__(self, n):
        self.n = n

KEEP = A(1)
D = weakref.WeakValueDictionary(two=KEEP)

def answer():
    return {k: v.n for k, v in D.items()}
