def answer():
    return len([1, 2])
