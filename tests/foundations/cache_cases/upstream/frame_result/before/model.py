import pandas as pd


def load():
    return pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}).iloc[:1]


def answer(values):
    return values.to_dict('list')
