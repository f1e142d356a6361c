import os


def answer():
    return os.environ.get("RATE", "none")
