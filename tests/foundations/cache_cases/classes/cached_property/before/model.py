import functools


class Net:
    @functools.cached_property
    def size(self):
        return 3


def answer():
    return Net().size
