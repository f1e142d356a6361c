def answer():
    return [x for x in range(5) if x in {1, 2}]
