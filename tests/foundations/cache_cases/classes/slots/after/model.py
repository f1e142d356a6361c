class Point:
    __slots__ = ("x",)

    def __init__(self):
        self.x = 2


def answer():
    return Point().x
