"""The files that the strings and paths in a value name, since what reads them may do so unseen."""

import os
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

MOST_FILES = 1000
# of an array that holds its strings as bytes; in longer ones none is looked at
MOST_TEXTS = 100_000
_LONGEST = 4096
_FEW = 64


def named_files(texts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Return the names of existing files among `texts`: sorted, and at most 1,000."""
    found: set[str] = set()
    for name in _candidates(texts):
        if 0 < len(name) <= _LONGEST and _is_file(name):
            found.add(name)
            if len(found) > MOST_FILES:
                break
    return tuple(sorted(found)[:MOST_FILES])


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


def _is_file(name: str) -> bool:
    try:
        # quicker than what says so by an exception
        return os.access(name, os.F_OK) and Path(name).is_file()
    except (OSError, ValueError):  # a null character, or what the file system's encoding has not
        return False
