from __future__ import annotations

import inspect


class Model:
    def rate(self):
        return 1


def helper(models: list[Model]):
    return models


def inject(function):
    names = inspect.signature(function, eval_str=True).parameters
    return function(*[one.annotation.__args__[0]() for one in names.values()])


def answer():
    return inject(helper).rate()
