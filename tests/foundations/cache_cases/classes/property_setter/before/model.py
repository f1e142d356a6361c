class Net:
    def __init__(self):
        self.size = 3

    @property
    def size(self):
        return self._size

    @size.setter
    def size(self, value):
        self._size = value * 2


def answer():
    return Net().size
