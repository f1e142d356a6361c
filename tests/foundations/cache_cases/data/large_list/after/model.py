VALUE = [0] * 5000 + [2]


def answer():
    return sum(VALUE)
