import shapes
from base import Shape


def answer():
    return sorted(kind().area() for kind in Shape.__subclasses__())
