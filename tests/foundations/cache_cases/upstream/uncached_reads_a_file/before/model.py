from pathlib import Path


def load(path):
    return Path(path).read_text().strip()


def answer(text):
    return text.upper()
