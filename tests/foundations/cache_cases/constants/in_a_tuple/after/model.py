def answer():
    return [(1, (2.0, 3))]
