def scale(x):
    return x * 2  # twice


def answer():
    return eval("sc" + "ale(21)")
