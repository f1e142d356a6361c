def scale(x):
    return x * 3


def answer():
    return globals()["sc" + "ale"](21)
