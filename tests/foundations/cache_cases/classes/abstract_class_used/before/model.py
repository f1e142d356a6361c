from abc import ABC, abstractmethod


class Shape(ABC):
    @abstractmethod
    def area(self): ...


class Square(Shape):
    def area(self):
        return 4


Shape.register(int)
isinstance(3.5, Shape)


def answer():
    return [isinstance(value, Shape) for value in (Square(), 3, "a")]
