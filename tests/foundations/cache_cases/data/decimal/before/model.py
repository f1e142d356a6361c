from decimal import Decimal

VALUE = Decimal("1.0")


def answer():
    return repr(VALUE)
