def add(a, b):
    return a + b


def multiply(a, b):
    return a * b + 1


TABLE = {"+": add, "*": multiply}


def answer():
    return TABLE["*"](3, 4)
