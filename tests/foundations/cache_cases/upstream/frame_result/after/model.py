import pandas as pd


def load():
    found = pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).iloc[:1]
    return found


def answer(values):
    return values.to_dict('list')
