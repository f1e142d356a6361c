from typing import Generic, TypeVar

T = TypeVar("T")


class Box(Generic[T]):
    def value(self):
        return 2


def answer():
    return Box[int]().value()
