from settings import *


def answer():
    return RATE
