import pandas as pd

LIMIT = 1
OTHER = 2


def answer():
    return len(pd.DataFrame({"a": [1, 2]}).query("a > @LIMIT"))
