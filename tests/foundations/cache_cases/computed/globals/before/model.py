def scale(x):
    return x * 2


def answer():
    return globals()["sc" + "ale"](21)
