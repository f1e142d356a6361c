def load():
    return open("data/a.txt")


def answer(file):
    with file:
        return file.read()
