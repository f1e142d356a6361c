from functools import singledispatch


@singledispatch
def shown(value):
    return "thing"


@shown.register(int)
def _(value):
    return "int"


def answer():
    return shown(True)
