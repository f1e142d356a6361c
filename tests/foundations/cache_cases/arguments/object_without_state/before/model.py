class P:
    def __init__(self, n):
        self.n = n
    def __getstate__(self):
        return {}
    def __setstate__(self, s):
        pass
    def __reduce__(self):
        return (P, (self.n,))

def answer(x):
    return x.n
