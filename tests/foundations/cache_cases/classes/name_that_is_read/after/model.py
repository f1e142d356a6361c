class Network:
    pass


def answer():
    return type(Network()).__name__
