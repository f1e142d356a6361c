from pathlib import Path


def answer(folder):
    return [path.read_text() for path in sorted(Path(folder).iterdir())]
