VALUE = True


def answer():
    return repr(VALUE)
