import pandas as pd

LIMIT = 1
NAME = "LIMIT"


def answer():
    return len(pd.DataFrame({"a": [1, 2]}).query("a > @" + NAME))
