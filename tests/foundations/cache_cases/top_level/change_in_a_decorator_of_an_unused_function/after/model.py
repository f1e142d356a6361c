import decimal

def deco(n):
    decimal.getcontext().prec = n
    return lambda f: f

@deco(6)
def unused():
    pass

def answer():
    return str(decimal.Decimal(1) / 3)
