class O:
    def __init__(self, l):
        self.l = l

def mk(n):
    def get():
        return n
    return get

def answer(x):
    return x.l[0]()
