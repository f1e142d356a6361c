from dataclasses import dataclass, fields
from typing import ClassVar


@dataclass
class Config:
    rate: ClassVar[float] = 0.1


def answer():
    return [field.name for field in fields(Config)]
