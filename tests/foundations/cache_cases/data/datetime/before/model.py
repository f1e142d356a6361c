from datetime import date

VALUE = date(2024, 1, 1)


def answer():
    return repr(VALUE)
