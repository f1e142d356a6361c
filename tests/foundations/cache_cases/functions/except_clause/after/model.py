def parse(text):
    try:
        return int(text)
    except TypeError:
        return 0


def answer():
    try:
        return parse("x")
    except ValueError:
        return -1
