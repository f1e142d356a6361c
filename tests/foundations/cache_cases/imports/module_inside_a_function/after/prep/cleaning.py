def clean(x):
    return x + 2
