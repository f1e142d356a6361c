from functools import partialmethod


class Net:
    def sized(self, size):
        return size

    large = partialmethod(sized, 100)


def answer():
    return Net().large()
