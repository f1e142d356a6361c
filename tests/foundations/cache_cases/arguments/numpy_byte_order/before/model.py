def answer(value):
    return value.dtype.byteorder
