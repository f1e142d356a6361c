def answer():
    first = 1
    return dict(locals())
