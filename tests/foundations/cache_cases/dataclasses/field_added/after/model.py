from dataclasses import asdict, dataclass


@dataclass
class Config:
    rate: float = 0.1
    depth: int = 2


def answer():
    return asdict(Config())
