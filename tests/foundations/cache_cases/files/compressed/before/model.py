import gzip
from pathlib import Path


def answer():
    Path("a.gz").write_bytes(gzip.compress(Path("a.txt").read_bytes()))
    with gzip.open("a.gz", "rt") as file:
        return file.read()
