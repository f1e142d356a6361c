def answer(value):
    return repr(value.tolist())
