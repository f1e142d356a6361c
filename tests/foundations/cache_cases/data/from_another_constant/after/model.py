BASE = 4
LIMIT = BASE * 2


def answer():
    return LIMIT
