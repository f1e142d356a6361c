"""The functions under test: from a program's entry, imported, to the digest by which its code counts.

`closure` is what jobs use; `every file` is what can't be wrong, and is needless most of the time; the others leave
something out on purpose, and have to be found out.
"""

import hashlib
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from foundations.keys.closure import Closures
from foundations.keys.user_code import UserCode

KeyOf = Callable[[Path, Callable[..., Any]], str | None]


def _every_file(root: Path, entry: Callable[..., Any]) -> str:
    """Let every file of the model directory count."""
    del entry
    files = sorted(root.rglob("*.py"))
    parts = [str(file.relative_to(root)).encode() + file.read_bytes() for file in files]
    return hashlib.sha256(b"".join(parts)).hexdigest()


def _closure(root: Path, entry: Callable[..., Any]) -> str | None:
    """Let count what the stage can reach."""
    closure = Closures(UserCode.of(root, [str(root)])).of(entry)
    return None if closure.refused else closure.digest


def _own_code(root: Path, entry: Callable[..., Any]) -> str:
    """Leave out everything but the entry's own code."""
    del root
    return hashlib.sha256(_code(entry.__code__)).hexdigest()  # type: ignore[attr-defined]


def _functions(root: Path, entry: Callable[..., Any]) -> str:
    """Follow functions over modules, and leave out classes, constants, defaults and closures."""
    del root
    seen: dict[int, bytes] = {}
    waiting: list[Any] = [entry]
    while waiting:
        function = waiting.pop()
        if id(function) in seen:
            continue
        seen[id(function)] = _code(function.__code__)
        names = function.__code__.co_names
        found = [function.__globals__.get(name) for name in names]
        modules = [one for one in found if isinstance(one, types.ModuleType)]
        found += [getattr(module, name, None) for module in modules for name in names]
        waiting += [one for one in found if isinstance(one, types.FunctionType)]
    return hashlib.sha256(b"".join(seen.values())).hexdigest()


def _code(code: types.CodeType) -> bytes:
    constants = [_code(one) if isinstance(one, types.CodeType) else repr(one).encode() for one in code.co_consts]
    return b"|".join([code.co_code, repr(code.co_names).encode(), *constants])


def _but_one_module(root: Path, entry: Callable[..., Any]) -> str:
    """Leave out one module of the directory."""
    del entry
    files = sorted(file for file in root.rglob("*.py") if file.name != "basis.py")
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


ABLATIONS: dict[str, KeyOf] = {
    "own code": _own_code,
    "functions": _functions,
    "all but one module": _but_one_module,
}
KEYS: dict[str, KeyOf] = {"closure": _closure, "every file": _every_file, **ABLATIONS}
