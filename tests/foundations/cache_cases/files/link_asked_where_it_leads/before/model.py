import os


def answer():
    return os.readlink("current")
