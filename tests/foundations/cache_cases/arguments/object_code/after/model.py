class Scale:
    def __init__(self, factor):
        self.factor = factor

    def of(self, x):
        return x + self.factor


def answer(scale):
    return scale.of(10)
