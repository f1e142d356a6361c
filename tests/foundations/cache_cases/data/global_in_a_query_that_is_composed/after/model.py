import pandas as pd

LIMIT = 2
NAME = "LIMIT"


def answer():
    return len(pd.DataFrame({"a": [1, 2]}).query("a > @" + NAME))
