class Vector:
    def __init__(self, x):
        self.x = x

    def __add__(self, other):
        return self.x - other.x


def answer():
    return Vector(1) + Vector(2)
