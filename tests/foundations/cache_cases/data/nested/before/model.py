VALUE = {"a": [1, {"b": (2, 3)}]}


def answer():
    return repr(VALUE)
