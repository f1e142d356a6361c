from first import *
from second import *


def answer():
    return scale(21)
