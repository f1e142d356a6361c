class Net:
    def size(self):
        return 1


def larger(self):
    return 3


Net.size = larger


def answer():
    return Net().size()
