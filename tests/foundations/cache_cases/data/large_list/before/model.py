VALUE = [0] * 5000 + [1]


def answer():
    return sum(VALUE)
