import os


def answer():
    return os.lstat("rows").st_size
