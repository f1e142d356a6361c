class Net:
    @classmethod
    def size(cls):
        return 3


def answer():
    return Net.size()
