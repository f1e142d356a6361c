from typing import get_type_hints


def helper(x: int):
    pass


def answer():
    return str(get_type_hints(helper))
