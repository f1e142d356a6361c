import os


def answer():
    return sorted((one.name, one.stat().st_size) for one in os.scandir("rows"))
