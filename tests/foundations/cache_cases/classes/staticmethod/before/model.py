class Net:
    @staticmethod
    def size():
        return 3


def answer():
    return Net.size()
