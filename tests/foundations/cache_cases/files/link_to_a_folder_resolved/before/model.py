import os


def answer():
    return open(os.path.join(os.path.realpath("current"), "rows")).read()
