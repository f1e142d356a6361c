from os import getenv


def rate():
    return float(getenv("RATE", "1"))


def answer():
    return rate()
