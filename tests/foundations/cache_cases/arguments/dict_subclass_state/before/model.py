class D(dict):
    pass

def mk(n):
    d = D(a=1)
    d.extra = n
    return d

def answer(x):
    return x.extra
