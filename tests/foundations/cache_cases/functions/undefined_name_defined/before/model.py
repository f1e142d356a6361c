def answer():
    try:
        return BONUS
    except NameError:
        return 0
