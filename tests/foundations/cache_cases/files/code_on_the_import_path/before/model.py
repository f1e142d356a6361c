from shared_code import scale


def answer():
    return scale(2)
