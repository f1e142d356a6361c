import decimal


def up():
    decimal.getcontext().prec = 7
    return 1


def answer(x):
    return str(decimal.Decimal(x) / 3)
