VALUE = {"a": [1, {"b": (2, 4)}]}


def answer():
    return repr(VALUE)
