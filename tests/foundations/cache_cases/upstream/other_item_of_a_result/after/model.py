def load():
    return {"train": [5], "test": [2]}


def answer(values):
    return values
