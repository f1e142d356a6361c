import logging

FACTOR = 1


def up():
    logging.getLogger("model").setLevel(10)
    return 1


def answer(x):
    return x, logging.getLogger("model").level, FACTOR
