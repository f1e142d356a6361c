# rows
from pathlib import Path


def make(text):
    Path("rows.txt").write_text(text)
    return "rows.txt"


def answer(path):
    return Path(path).read_text() * 2
