def scale(x):
    return x * 3


def answer(x=21, by=scale):
    return by(x)
