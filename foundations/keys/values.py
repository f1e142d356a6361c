"""Digests of argument values: equal for what is equal, in every process and on every machine, and for nothing else."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from foundations.keys.named_files import named_files
from foundations.keys.no_identity import NoStableIdentity
from foundations.keys.shown import shown
from foundations.keys.trees import Hashers
from foundations.keys.value_walk import Walk

__all__ = ["NoStableIdentity", "ValueDigest", "value_digest"]

_SCHEME = b"foundations-value/1:"


@dataclass(frozen=True)
class ValueDigest:
    """What a value counts by, how explanations show it, and which files and directories its strings and paths name.

    More than `MOST_FILES` stand for any number.
    """

    digest: str
    shown: str
    files: tuple[str, ...] = ()


def value_digest(value: Any, *, code: Callable[[Any], bytes], path: str = "value") -> ValueDigest:
    """Return the digest of a value by type and content: what is shared, interned or a view counts as its content.

    `code` gives the bytes by which functions, classes and modules count. Raise `NoStableIdentity`, which names the way
    from `path` to it, for what can't be told by its content, such as an open file.
    """
    hashers = Hashers()
    try:
        walk = Walk(code, hashers)
        token = walk.token(value, path)
    finally:
        hashers.close()
    return ValueDigest(hashlib.sha256(_SCHEME + token).hexdigest(), shown(value), named_files(walk.texts))
