def answer(value):
    return sorted(value)
