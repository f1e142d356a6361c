def answer():
    return dict(b=1)
