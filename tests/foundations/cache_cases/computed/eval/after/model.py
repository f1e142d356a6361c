def scale(x):
    return x * 3


def answer():
    return eval("sc" + "ale(21)")
