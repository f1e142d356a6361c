import numpy as np

def make():
    a = np.zeros(3)
    a[0] = 1
    return a

OTHER = make()

def answer():
    return 2
