from dataclasses import dataclass, field, fields


@dataclass
class Config:
    rate: float = field(default=0.1, metadata={"unit": "ms"})


def answer():
    return dict(fields(Config)[0].metadata)
