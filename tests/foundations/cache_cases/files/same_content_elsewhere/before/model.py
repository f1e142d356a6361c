from pathlib import Path


def answer(path):
    return Path(path).read_text()
