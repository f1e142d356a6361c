class Scale:
    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return x * self.factor


scale = Scale(2)


def answer():
    return scale(4)
