LEARNING_RATE = 0.1


def answer():
    return LEARNING_RATE
