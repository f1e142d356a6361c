def load():
    return {"train": [1], "test": [3]}


def answer(values):
    return values
