import os


def answer():
    return os.environ["RATE"]
