def answer():
    n = 0
    for i in range(3):
        n += 1
    n *= 2
    return n
