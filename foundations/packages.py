"""The packages that this Python finds, by the names of their folders: reading what each says takes long."""

import sys
from collections.abc import Iterator
from pathlib import Path

_SUFFIXES = (".dist-info", ".egg-info")


def installed_packages() -> Iterator[Path]:
    """Yield the metadata of each package on the path; its name is the package's name and version.

    https://packaging.python.org/en/latest/specifications/recording-installed-packages/
    """
    for entry in dict.fromkeys(sys.path):
        folder = Path(entry)
        if folder.is_dir():
            yield from sorted(file for file in folder.iterdir() if file.name.endswith(_SUFFIXES))
