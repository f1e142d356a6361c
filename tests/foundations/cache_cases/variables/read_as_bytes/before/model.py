import os


def answer():
    return os.environb[b"RATE"]
