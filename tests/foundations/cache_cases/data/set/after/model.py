VALUE = {"a", "c"}


def answer():
    return sorted(VALUE)
