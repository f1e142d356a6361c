def scale(x):
    return x * 2


def answer():
    return eval("sc" + "ale(21)")
