"""Code that a stage can import and that is neither the project's nor installed: folders on the path, editable installs.

Cache keys count it by content, as nothing else says when it changes.
"""

import hashlib
import json
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from foundations.packages import installed_packages

_MOST_FILES = 5000
_LEFT_OUT = frozenset({"site-packages", "node_modules", "__pycache__"})


def outside_code(root: Path) -> tuple[str, ...]:
    """Return the digest of each file of code outside `root`; raise `ValueError` where there are too many to look at."""
    found: list[str] = []
    for folder in outside_folders(root):
        for file in _modules(folder):
            found.append(f"{file.relative_to(folder)}={hashlib.sha256(file.read_bytes()).hexdigest()}")
            if len(found) > _MOST_FILES:
                raise ValueError(
                    f"the code in {folder}, which is on the import path, can't be told from what it was: more than "
                    f"{_MOST_FILES} files; take the folder off PYTHONPATH"
                )
    return tuple(found)


def outside_folders(root: Path) -> list[Path]:
    """Return the folders outside `root` whose code can be imported, and is not installed."""
    return sorted({folder for folder in _folders() if not folder.is_relative_to(root.resolve())})


def _modules(folder: Path) -> Iterator[Path]:
    """Yield the Python files below a folder in order, without those of virtual environments and hidden folders."""
    for directory, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name[0] != "." and name not in _LEFT_OUT)
        yield from (Path(directory, name) for name in sorted(files) if name.endswith(".py"))


def _folders() -> Iterator[Path]:
    ours = Path(__file__).parents[1]
    installed = [Path(path).resolve() for path in sysconfig.get_paths().values()]
    for entry in sys.path:
        folder = Path(entry).resolve()
        inside = any(folder == path or folder.is_relative_to(path) for path in installed)
        if entry and folder.is_dir() and folder != ours and not inside and "site-packages" not in folder.parts:
            yield folder
    yield from _editable()


def _editable() -> Iterator[Path]:
    for package in installed_packages():
        told_in = package / "direct_url.json"
        if package.name.startswith("foundations-") or not told_in.is_file():  # ours travels by itself
            continue
        told = json.loads(told_in.read_text())
        if told.get("dir_info", {}).get("editable"):
            yield Path(unquote(urlsplit(told["url"]).path))
