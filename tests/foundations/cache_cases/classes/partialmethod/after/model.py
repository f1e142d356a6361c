from functools import partialmethod


class Net:
    def sized(self, size):
        return size

    large = partialmethod(sized, 200)


def answer():
    return Net().large()
