from dataclasses import dataclass, field


@dataclass
class Config:
    rate: float = 0.2
    names: list = field(default_factory=lambda: ["a"])

    def __post_init__(self):
        self.depth = 2


def answer():
    config = Config()
    return config.rate, config.names, config.depth, Config(1) == Config(1)
