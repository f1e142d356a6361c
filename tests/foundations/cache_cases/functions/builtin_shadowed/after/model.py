def len(values):
    return 7


def answer():
    return len([1, 2])
