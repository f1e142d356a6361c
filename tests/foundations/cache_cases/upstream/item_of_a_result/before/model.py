def load():
    return {"train": [1], "test": [2]}


def answer(values):
    return values
