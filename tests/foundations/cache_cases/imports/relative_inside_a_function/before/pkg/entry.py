def answer():
    from .tools import scale

    return scale(2)
