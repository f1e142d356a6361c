from loading import load


def answer():
    return load("plugin")
