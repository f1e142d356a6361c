from dataclasses import astuple, dataclass


@dataclass
class Config:
    a: int = 1
    b: int = 2


def answer():
    return astuple(Config())
