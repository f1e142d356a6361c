from decimal import Decimal

VALUE = Decimal("1.00")


def answer():
    return repr(VALUE)
