class Net:
    def size(self):
        return 1


def larger(self):
    return 2


Net.size = larger


def answer():
    return Net().size()
