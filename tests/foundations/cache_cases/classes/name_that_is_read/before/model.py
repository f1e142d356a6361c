class Net:
    pass


def answer():
    return type(Net()).__name__
