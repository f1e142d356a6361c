from functools import singledispatch


@singledispatch
def shown(value):
    return "thing"


@shown.register
def _(value: str):
    return "known"


def answer():
    return shown(3)
