def answer(value):
    return value.dtype.names
