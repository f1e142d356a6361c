import decimal

def h(x=decimal.getcontext().__setattr__('prec', 6)):
    pass

def answer():
    return str(decimal.Decimal(1) / 3)
