from abc import ABC


class Shape(ABC):
    pass


class Square:
    pass


Shape.register(Square)


def answer():
    return isinstance(Square(), Shape)
