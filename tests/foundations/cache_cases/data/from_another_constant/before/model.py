BASE = 3
LIMIT = BASE * 2


def answer():
    return LIMIT
