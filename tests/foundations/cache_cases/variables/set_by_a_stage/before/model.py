import os


def make(text):
    os.environ["SET_BY_A_STAGE"] = text
    return len(text)


def answer(count):
    return os.environ["SET_BY_A_STAGE"] * count
