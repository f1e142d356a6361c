def scale(x):
    return x * 2


def answer():
    found = {}
    exec("value = sc" + "ale(21)", globals(), found)
    return found["value"]
