import sys

def answer():
    return sys._getframe().f_lineno
