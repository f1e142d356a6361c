
from pathlib import Path


def answer():
    return Path("data/current.csv").read_text()
