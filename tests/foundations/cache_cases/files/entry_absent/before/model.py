import os


def answer():
    return os.path.lexists("current")
