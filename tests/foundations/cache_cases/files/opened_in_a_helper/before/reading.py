from pathlib import Path


def rows(name):
    return (Path("data") / name).with_suffix(".csv").read_text()
