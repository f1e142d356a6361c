import pandas as pd

FACTOR = 2


def up():
    pd.set_option("display.precision", 2)
    return 1


def answer(x):
    return x, repr(pd.Series([1.23456])), FACTOR
