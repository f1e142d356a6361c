def answer():
    values = [3, 4]
    return values[0] - values[1]
