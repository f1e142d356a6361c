def answer():
    return ['Mean']
