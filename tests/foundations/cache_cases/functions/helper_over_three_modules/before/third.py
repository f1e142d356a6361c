def three(x):
    return x + 1
