VALUE = {"a", "b"}


def answer():
    return sorted(VALUE)
