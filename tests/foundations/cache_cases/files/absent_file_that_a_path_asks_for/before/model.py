from pathlib import Path


def answer():
    return Path("data/extra.csv").is_file()
