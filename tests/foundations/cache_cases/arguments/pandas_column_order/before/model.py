def answer(value):
    return list(value.columns)
