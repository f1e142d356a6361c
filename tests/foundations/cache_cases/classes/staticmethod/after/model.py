class Net:
    @staticmethod
    def size():
        return 4


def answer():
    return Net.size()
