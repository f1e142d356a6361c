class Config:
    rate: float
    depth: int


def answer():
    return sorted(Config.__annotations__)
