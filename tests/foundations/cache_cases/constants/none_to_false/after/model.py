def answer():
    return [False]
