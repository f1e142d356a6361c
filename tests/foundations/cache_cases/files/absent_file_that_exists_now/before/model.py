import os.path


def answer():
    return os.path.exists("data/extra.csv")
