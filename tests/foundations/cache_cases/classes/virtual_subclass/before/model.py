from abc import ABC


class Shape(ABC):
    pass


class Square:
    pass


Shape.register(int)


def answer():
    return isinstance(Square(), Shape)
