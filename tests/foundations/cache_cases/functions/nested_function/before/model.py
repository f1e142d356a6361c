def answer():
    def inner(x):
        return x + 1

    return [inner(x) for x in (1, 2)]
