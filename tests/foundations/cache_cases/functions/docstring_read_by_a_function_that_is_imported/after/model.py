from inspect import getdoc


def helper():
    "Two."


def answer():
    return getdoc(helper)
