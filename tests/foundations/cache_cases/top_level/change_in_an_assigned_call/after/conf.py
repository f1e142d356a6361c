import decimal

def setup():
    decimal.getcontext().prec = 6
    return True
