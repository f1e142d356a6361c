def computed():
    return 4


LIMIT = computed()


def answer():
    return LIMIT
