def parse(text):
    try:
        return int(text)
    except ValueError:
        return 0


def answer():
    try:
        return parse("x")
    except ValueError:
        return -1
