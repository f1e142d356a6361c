"""What `enable_caching` is told, checked on the line that says it."""

import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any

from foundations.graph import Caching
from foundations.signature import name_of, signature_of

_SURPLUS = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)


def checked_caching(
    function: Callable[..., Any], *, version: str | None, ignore: Iterable[str], ttl: float | None
) -> Caching:
    """Return the options of a stage's caching; raise `TypeError` or `ValueError` for what they can't be."""
    if version is not None and not isinstance(version, str):
        raise TypeError(f"the version is a text, got {version!r}")
    if isinstance(ignore, str):
        raise TypeError(f"ignore takes the names of parameters in a list, got {ignore!r}; write [{ignore!r}]")
    if not isinstance(ignore, Iterable):
        raise TypeError(f"ignore takes the names of parameters in a list, got {ignore!r}")
    names = tuple(ignore)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"ignore takes the names of parameters, got {name!r}")
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, int | float)):
        raise TypeError(f"ttl is a number of seconds, or None for no limit, got {ttl!r}")
    if ttl is not None and not 0 <= ttl <= sys.float_info.max:
        raise ValueError(f"ttl is finite and not negative, or None for no limit, got {ttl!r}")
    _refuse_unknown(function, names)
    return Caching(version, tuple(sorted(set(names))), ttl)


def _refuse_unknown(function: Callable[..., Any], names: Iterable[str]) -> None:
    signature = signature_of(function)
    if signature is None:
        return
    parameters = signature.parameters
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values()):
        return
    known = [name for name, one in parameters.items() if one.kind not in _SURPLUS]
    for name in names:
        if name not in known:
            told = ", ".join(known) or "none"
            raise ValueError(f"{name_of(function)}() has no parameter {name!r} to ignore; it has {told}")
