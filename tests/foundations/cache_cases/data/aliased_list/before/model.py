FIRST = [1, 2]
BOTH = {"a": FIRST, "b": FIRST}


def answer():
    return BOTH
