import time


def answer():
    return time.localtime(0).tm_hour
