from datetime import date

VALUE = date(2024, 1, 2)


def answer():
    return repr(VALUE)
