import decimal

def setup():
    decimal.getcontext().prec = 5
    return True
