from builtin_like import *

def answer():
    return abs(-3)
