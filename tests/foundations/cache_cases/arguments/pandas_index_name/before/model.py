def answer(value):
    return value.index.name
