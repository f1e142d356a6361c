def answer(x=2):
    return x * 10
