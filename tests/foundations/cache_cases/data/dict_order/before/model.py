VALUE = {"a": 1, "b": 2}


def answer():
    return repr(VALUE)
