"""The files that the strings and paths in a value name, since what reads them may do so unseen."""

import os
import re
from collections.abc import Sequence
from itertools import chain, islice
from pathlib import Path

MOST_FILES = 10_000
# of an array that holds its strings as bytes; in longer ones none is looked at
MOST_TEXTS = 100_000
_LONGEST = 4096
_LONGEST_NAME = 255
_MAGIC = re.compile(r"[*?\[]")
_FEW = 64
_MOST_LOOKED_AT = 1000


def named_files(texts: Sequence[Sequence[str]], *, words: bool = True) -> tuple[str, ...]:
    """Return the names of existing files and directories among `texts`, sorted.

    Where there are more than `MOST_FILES`, one more than these is returned, and they say nothing about the others. One
    of a few `words` alone may name a directory, but none with code: `mode="train"` beside a package `train`.
    """
    few = words and sum(map(len, texts)) <= _FEW
    found: set[str] = set()
    for name in _candidates(texts):
        if 0 < len(name) <= _LONGEST and is_named(name, words=few):
            found.add(name)
            if len(found) > MOST_FILES:
                break
    return tuple(sorted(found))


def is_named(name: str, *, words: bool) -> bool:
    """Tell whether a text names a file, or a directory that may be data; see `named_files`."""
    try:
        # quicker than what says so by an exception
        if not os.access(name, os.F_OK):
            return False
        return Path(name).is_file() or (Path(name).is_dir() and (os.sep in name or (words and not _holds_code(name))))
    except (OSError, ValueError):  # a null character, or what the file system's encoding has not
        return False


def named_folder(text: str) -> str | None:
    """Return the folder that a word alone names, or the one that holds all files which fit a pattern."""
    if _MAGIC.search(text):
        text = os.path.dirname(_MAGIC.split(text, maxsplit=1)[0])
    if not 0 < len(text) <= _LONGEST_NAME or not text.strip("./") or not is_named(text, words=True):
        return None
    return text


def _candidates(texts: Sequence[Sequence[str]]) -> set[str]:
    if sum(map(len, texts)) <= _FEW:
        return set(chain.from_iterable(texts))
    # one listing instead of a question for each of many words
    try:
        here = {path.name for path in Path().iterdir()}
    except OSError:
        here = set()
    names: set[str] = set()
    for some in texts:
        names |= here.intersection(some)
        names.update([text for text in some if os.sep in text])
    return names


def _holds_code(folder: str) -> bool:
    entries = (name for _, _, files in os.walk(folder) for name in files)
    return any(name.endswith(".py") for name in islice(entries, _MOST_LOOKED_AT))
