from inspect import getdoc


def helper():
    "One."


def answer():
    return getdoc(helper)
