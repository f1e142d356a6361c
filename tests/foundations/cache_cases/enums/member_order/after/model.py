from enum import Enum


class Kind(Enum):
    TWO = 2
    ONE = 1

    @property
    def doubled(self):
        return self.value * 2


def answer():
    return [(kind.name, kind.doubled) for kind in Kind]
