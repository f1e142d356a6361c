def answer():
    return [x for x in range(10) if x % 3 == 0]
