class Net:
    def parameters(self):
        found = 3
        return found


def answer():
    return Net().parameters()
