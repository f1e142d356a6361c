from helpers import scale as by_two


def answer():
    return by_two(21)
