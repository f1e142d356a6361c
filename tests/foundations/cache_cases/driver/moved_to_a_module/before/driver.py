from foundations import create_stage as stage

RATE = 3


def answer():
    return RATE * 2


target = stage(answer)().enable_caching()
