def scale(x: float):
    return x


def answer():
    return sorted(kind.__name__ for kind in scale.__annotations__.values())
