import pandas as pd

LIMIT = 2
OTHER = 1


def answer(query):
    return len(pd.DataFrame({"a": [1, 2]}).query(query))
