FORMAT = "display.precision"

FACTOR = 1


def shown(x):
    import pandas

    return repr(pandas.Series([1.23456 * x]))


def up():
    import pandas

    pandas.set_option(FORMAT, 2)
    return 1


def answer(x):
    return x, shown(x), FACTOR
