def answer(value):
    return value.tolist()
