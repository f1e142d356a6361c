import numpy as np
from h import f
U = np.frompyfunc(f, 1, 1)

def answer():
    return list(U([1, 2]))
