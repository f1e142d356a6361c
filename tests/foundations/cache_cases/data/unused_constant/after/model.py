USED = 3
UNUSED = 5


def answer():
    return USED
