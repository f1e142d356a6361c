class Config:
    rate: float


def answer():
    return sorted(Config.__annotations__)
