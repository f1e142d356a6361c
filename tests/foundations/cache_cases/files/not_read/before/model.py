def answer():
    return 3
