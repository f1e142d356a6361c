def answer(value):
    return float(value.sum())
