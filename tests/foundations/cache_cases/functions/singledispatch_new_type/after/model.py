from functools import singledispatch


@singledispatch
def shown(value):
    return "thing"


@shown.register(int)
def _(value):
    return "int"


@shown.register(bool)
def _(value):
    return 'bool'


def answer():
    return shown(True)
