import decimal


def up():
    decimal.getcontext().prec = 5
    return 1


def answer(x):
    return str(decimal.Decimal(x) / 3)
