from helpers import *


def answer():
    return len([1, 2])
