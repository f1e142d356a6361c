from enum import Enum


class Kind(Enum):
    ONE = 1
    TWO = 2

    @property
    def doubled(self):
        return self.value * 2


def answer():
    return [(kind.name, kind.doubled) for kind in Kind]
