def answer(rate, depth=2):
    return repr(rate)
