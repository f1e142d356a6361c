"""Reads that are verified, and done anew where what came is not what was written: it may be so only on its way."""

from collections.abc import Callable
from typing import TypeVar

from foundations_archive.errors import ArchiveDamaged
from foundations_archive.store import Store

_FURTHER_READS = 2

_Made = TypeVar("_Made")


def read_verified(store: Store, key: str, made: Callable[[bytes], _Made]) -> _Made:
    """Return what `made` makes of a value; raise its `ArchiveDamaged` only when it says so of three reads."""
    for _ in range(_FURTHER_READS):
        try:
            return made(store.get(key))
        except ArchiveDamaged:
            continue
    return made(store.get(key))
