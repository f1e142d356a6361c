def answer(value):
    return value.flags.c_contiguous
