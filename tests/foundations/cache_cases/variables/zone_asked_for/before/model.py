import time


def answer():
    return (time.timezone, time.tzname)
