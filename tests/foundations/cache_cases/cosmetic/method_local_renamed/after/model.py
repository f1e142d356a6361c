class Net:
    def parameters(self):
        total = 3
        return total


def answer():
    return Net().parameters()
