def answer(x, verbose=False):
    return x * 2
