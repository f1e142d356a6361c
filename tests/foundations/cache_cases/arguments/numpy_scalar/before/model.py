def answer(value):
    return type(value).__name__
