from functools import singledispatch


@singledispatch
def shown(value):
    return "thing"


@shown.register(int)
def _(value):
    return "whole number"


def answer():
    return shown(3)
