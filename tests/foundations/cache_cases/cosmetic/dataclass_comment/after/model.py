from dataclasses import dataclass


@dataclass
class Config:
    rate: float = 0.1  # per second


def answer():
    return Config().rate
