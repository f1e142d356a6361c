import sys


def up():
    import pandas
    import noisy

    return len(pandas.DataFrame({"a": [1, 2]})) + noisy.COUNT


def answer(x):
    return x  # as it is
