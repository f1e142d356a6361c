from dataclasses import dataclass, field


@dataclass
class Config:
    rate: float
    note: str = field(default="", compare=False)


def answer(config):
    return config.note
