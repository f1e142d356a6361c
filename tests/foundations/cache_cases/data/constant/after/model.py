VALUE = 4


def answer():
    return repr(VALUE)
