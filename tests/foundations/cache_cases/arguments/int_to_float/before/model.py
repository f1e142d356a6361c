def answer(value):
    return repr(value)
