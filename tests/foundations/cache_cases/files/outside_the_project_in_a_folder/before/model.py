import os


def answer(folder):
    return sorted(name for _, _, names in os.walk(folder) for name in names)
