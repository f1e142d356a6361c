def helper(x: int):
    pass


def answer():
    from inspect import signature

    return str(signature(helper))
