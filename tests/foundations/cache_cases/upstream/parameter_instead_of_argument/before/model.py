def answer(rate, depth=2):
    return rate * depth
