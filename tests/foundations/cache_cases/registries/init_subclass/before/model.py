import layers
from base import Layer


def answer():
    return [Layer.known[name]().size() for name in sorted(Layer.known)]
