from dataclasses import dataclass


@dataclass
class Source:
    path: str


def answer(source):
    with open(source.path) as file:
        return file.read()
