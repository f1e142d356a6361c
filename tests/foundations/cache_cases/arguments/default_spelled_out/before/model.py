def answer(x, factor=2, *, offset=0, **more):
    return x * factor + offset
