import os

FACTOR = 1


def up():
    os.makedirs("below", exist_ok=True)
    os.chdir("below")
    return 1


def answer(x):
    return x, os.path.basename(os.getcwd()), FACTOR
