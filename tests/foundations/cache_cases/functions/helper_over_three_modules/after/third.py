def three(x):
    return x + 10
