def computed():
    return 3


LIMIT = computed()


def answer():
    return LIMIT
