def answer(value):
    return value.name
