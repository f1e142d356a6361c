VALUE = {"b": 2, "a": 1}


def answer():
    return repr(VALUE)
