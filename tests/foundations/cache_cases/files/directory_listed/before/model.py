import os


def answer():
    return sorted(os.listdir("data"))
