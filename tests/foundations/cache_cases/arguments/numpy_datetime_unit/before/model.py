def answer(value):
    return str(value.dtype)
