from dataclasses import asdict, dataclass


@dataclass
class Config:
    rate: float = 0.1


def answer():
    return asdict(Config())
