import pandas as pd

LIMIT = 1
OTHER = 1


def answer(query):
    return len(pd.DataFrame({"a": [1, 2]}).query(query))
