VALUE = {"red", "green", "blue"}


def answer():
    return sorted(VALUE)
