import os
import time

FACTOR = 1


def up():
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()
    return 1


def answer(x):
    return x, time.localtime(0).tm_hour, FACTOR
