def answer(value):
    return value(1.5)
