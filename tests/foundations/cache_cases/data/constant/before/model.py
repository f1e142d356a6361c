VALUE = 3


def answer():
    return repr(VALUE)
