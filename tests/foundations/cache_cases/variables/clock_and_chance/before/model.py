import random
import time


def answer():
    return time.time() > 0 and random.random() < 1
