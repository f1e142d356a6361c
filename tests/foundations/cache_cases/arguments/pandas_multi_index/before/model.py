def answer(value):
    return value.index.tolist()
