def answer():
    from helpers import scale

    return scale(21)
