import os


def answer():
    return "VERBOSE" in os.environ
