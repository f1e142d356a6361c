def scale(x):
    return x * 2


def answer(x=21, by=scale):
    return by(x)
