import os


def answer():
    return os.path.samefile("current", "one.txt")
