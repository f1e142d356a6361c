VALUE = 1


def answer():
    return repr(VALUE)
