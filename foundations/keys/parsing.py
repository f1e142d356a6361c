"""Source text as a syntax tree, also while other threads parse."""

import ast
import threading

_LOCK = threading.Lock()
_TRIES = 100


def parsed(source: str | bytes) -> ast.Module:
    """Return what `ast.parse` gives; raise what it raises for text that is no Python.

    Up to Python 3.11 two threads that parse at once may mix up how deep each of them is, and one of them gets a
    `SystemError` for a text that is fine (github.com/python/cpython/issues/106905). Ours wait for each other, and the
    user's own code may be the other one.
    """
    for _ in range(_TRIES):
        try:
            with _LOCK:
                return ast.parse(source)
        except SystemError:
            continue
    return ast.parse(source)
