class Net:
    def __init__(self, size):
        self.size = size

    def scaled(self, by):
        return self.size + by


def load():
    return Net(3)


def answer(value):
    return value
