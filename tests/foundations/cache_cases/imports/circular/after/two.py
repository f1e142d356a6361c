import one

def g(n):
    return one.f(n - 1) * 3 + 1
