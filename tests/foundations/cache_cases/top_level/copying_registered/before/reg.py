import copyreg

class P:
    n = 1

def make():
    p = P()
    p.n = 2
    return p

copyreg.pickle(P, lambda p: (make, ()))
