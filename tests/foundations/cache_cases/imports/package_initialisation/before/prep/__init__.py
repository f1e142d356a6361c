def clean(x):
    return x + 1
