from prep import clean


def answer():
    return clean(3)
