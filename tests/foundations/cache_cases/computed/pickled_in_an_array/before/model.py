import numpy as np


def answer():
    np.save("boxed.npy", np.array([__import__("shapes").Shape()], dtype=object), allow_pickle=True)
    return np.load("boxed.npy", allow_pickle=True)[0].area()
