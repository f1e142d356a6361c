def answer(value):
    return value.attrs
