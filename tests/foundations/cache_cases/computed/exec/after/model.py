def scale(x):
    return x * 3


def answer():
    found = {}
    exec("value = sc" + "ale(21)", globals(), found)
    return found["value"]
