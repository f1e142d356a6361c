from typing import Protocol, runtime_checkable


@runtime_checkable
class Sized(Protocol):
    size: float


class Box:
    size = 1


def answer():
    return isinstance(Box(), Sized)
