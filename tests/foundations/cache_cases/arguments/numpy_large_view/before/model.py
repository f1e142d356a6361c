def answer(value):
    return int(value.sum())
