def helper(x: str):
    pass


def answer():
    from inspect import signature

    return str(signature(helper))
