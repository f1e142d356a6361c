def other(x):
    return x
