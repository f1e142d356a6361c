from dataclasses import astuple, dataclass


@dataclass
class Config:
    b: int = 2
    a: int = 1


def answer():
    return astuple(Config())
