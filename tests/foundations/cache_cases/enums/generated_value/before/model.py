import enum

class N(enum.Enum):
    def _generate_next_value_(name, start, count, last):
        return name.lower()
    A = enum.auto()

def answer():
    return N.A.value
