def answer():
    first, second = [7, 3]
    return first - second
