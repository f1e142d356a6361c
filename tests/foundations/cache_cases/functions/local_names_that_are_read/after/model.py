def answer():
    other = 1
    return dict(locals())
