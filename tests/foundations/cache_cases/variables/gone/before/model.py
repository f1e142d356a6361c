import os


def answer():
    try:
        return os.environ["RATE"]
    except KeyError:
        return None
