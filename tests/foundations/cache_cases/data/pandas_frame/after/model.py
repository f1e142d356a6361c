import pandas as pd

VALUE = pd.DataFrame({"a": [1, 2]}, index=[1, 0])


def answer():
    return VALUE.index.tolist()
