def add(a, b):
    return a + b


def multiply(a, b):
    return a * b


TABLE = {"+": add, "*": multiply}


def answer():
    return TABLE["*"](3, 4)
