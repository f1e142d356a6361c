REGISTRY = {}


def register(function):
    REGISTRY[function.__name__] = function
    return function


@register
def leaf(name):
    return 5


@register
def branch(name):
    return REGISTRY["leaf"](name) + 1


def answer():
    return REGISTRY["branch"]("x")
