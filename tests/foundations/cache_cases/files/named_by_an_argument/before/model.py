def answer(path):
    with open(path) as file:
        return file.read().split(",")
