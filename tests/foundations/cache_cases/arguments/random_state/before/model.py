def answer(value):
    return value.getstate()[1][1]
