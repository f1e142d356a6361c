import os


def answer():
    return os.stat("data/a.csv").st_size
