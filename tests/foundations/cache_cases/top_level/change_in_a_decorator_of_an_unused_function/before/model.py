import decimal

def deco(n):
    decimal.getcontext().prec = n
    return lambda f: f

@deco(5)
def unused():
    pass

def answer():
    return str(decimal.Decimal(1) / 3)
