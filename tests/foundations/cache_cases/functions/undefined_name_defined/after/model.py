BONUS = 5


def answer():
    try:
        return BONUS
    except NameError:
        return 0
