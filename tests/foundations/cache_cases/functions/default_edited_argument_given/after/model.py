def answer(x=3):
    return x * 10
