import enum

class N(enum.Enum):
    A = 1
    B = 2
    @classmethod
    def _missing_(cls, v):
        return cls.A

def answer():
    return N(7).name
