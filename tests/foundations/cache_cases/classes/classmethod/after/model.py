class Net:
    @classmethod
    def size(cls):
        return 4


def answer():
    return Net.size()
