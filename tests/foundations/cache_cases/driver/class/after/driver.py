from foundations import create_stage as stage

RATE = 2
OTHER = 5


def scale(x):
    return x * RATE


class Net:
    size = 3

    def parameters(self):
        return self.size * 2


def answer():
    return scale(Net().parameters())


def unused():
    return 1


target = stage(answer)().enable_caching()
