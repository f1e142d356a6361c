def answer():
    return dict(a=1)
