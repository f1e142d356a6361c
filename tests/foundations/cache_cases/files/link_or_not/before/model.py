from pathlib import Path


def answer():
    return Path("current").is_symlink()
