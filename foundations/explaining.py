"""Explanations as the worker makes them: of a key, of what a run has read, and of what kept the cache from serving it.

Values of environment variables are in none of them, only digests; where a value that is shown holds that of a variable
whose name tells a secret, it shows the name instead.
"""

import os
import platform
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from foundations.explanation import FORMAT, Document, Explanation
from foundations.graph import Call
from foundations.keys.attribution import unobserved
from foundations.keys.closure import Closure, Part
from foundations.keys.stage_keys import StageKey, StageKeys
from foundations.packages import installed_packages
from foundations.signature import name_of

# of all sources of one closure together: more than that nobody reads, and a blob is one piece
_MOST_SOURCE = 1_000_000
_MOST_PARTS = 20_000
_MOST_READ = 20_000
_SHORTEST_SECRET = 6
# a text is shown up to some length, so that only its beginning may be there
_NEEDLE = 40
_TELLS_A_SECRET = re.compile(
    r"TOKEN|SECRET|PASSW|PASSPHRASE|_PWD$|KEY|CREDENTIAL|AUTH|COOKIE|_DSN$|WEBHOOK|_PAT$", re.I
)
_CREDENTIALS = re.compile(r"(?<=://)[^\s/@'\"]+@")
_PACKAGE = re.compile(r"(?P<name>.+?)(?:-(?P<version>[^-]+))?(?:-py[\d.]+)?\.(?:dist|egg)-info")


@dataclass(frozen=True)
class Ran:
    """How it came that a stage ran.

    `why` says what kept the cache from serving it: pairs of a kind ("no entry", "stale", "ttl", "damaged", "refresh",
    "refused") and a text. `kept` is the key under which its result is cached, and `not_kept` says why it is under none.
    """

    why: Sequence[tuple[str, str]]
    observed: Mapping[str, Any] = field(default_factory=dict)
    refused: str | None = None
    kept: str | None = None
    not_kept: str | None = None


class Explanations:
    """Makes the explanations of one job; safe from the threads that run its stages."""

    def __init__(self, keys: StageKeys) -> None:
        self._keys = keys
        self._codes: dict[int, tuple[Closure, Document]] = {}
        self._lock = threading.Lock()

    def of(self, call: Call, key: StageKey | None, ran: Ran) -> Explanation:
        """Return why a call is computed; `key` is None where it can't be cached."""
        with unobserved():
            stage = Document(self._stage(call, key, ran))
            return Explanation(stage, self._code(self._keys.closure(call)), self._environment)

    def _stage(self, call: Call, key: StageKey | None, ran: Ran) -> dict[str, Any]:
        arguments = key.arguments if key else {}
        return {
            "explains": "stage",
            "format": FORMAT,
            "stage": call.name,
            "function": _place(call),
            "keys": {"fine": key.fine, "coarse": key.coarse} if key else None,
            "all_code": self._keys.all_code,
            "arguments": {
                name: {"digest": one.digest, "shown": self._masked(one.shown)} for name, one in arguments.items()
            },
            "version": call.caching.version,
            "ignore": list(call.caching.ignore),
            "ttl": call.caching.ttl,
            "coarse": list(key.more_counts) if key else [],
            "why": [{"kind": kind, "says": says} for kind, says in ran.why],
            "observed": _cut(ran.observed),
            "refused": ran.refused,
            "kept": ran.kept,
            "not_kept": ran.not_kept,
        }

    def _code(self, closure: Closure) -> Document:
        with self._lock:
            known = self._codes.get(id(closure))
            if known is None:
                # with the closure, so that nothing else gets its id
                known = self._codes[id(closure)] = closure, Document(self._code_of(closure))
            return known[1]

    def _code_of(self, closure: Closure) -> dict[str, Any]:
        parts = list(self._parts(closure.parts[:_MOST_PARTS]))
        return {"explains": "code", "format": FORMAT, "digest": closure.digest, "parts": parts}

    def _parts(self, parts: Iterable[Part]) -> Iterator[dict[str, Any]]:
        left = _MOST_SOURCE
        for part in parts:
            source = part.source if part.source is not None and len(part.source) <= left else None
            left -= len(source or "")
            if source is not None and part.kind in ("constant", "data"):
                source = self._masked(source)
            yield {"name": part.name, "kind": part.kind, "digest": part.digest, "file": part.file, "source": source}

    @cached_property
    def _environment(self) -> Document:
        return Document(
            {
                "explains": "environment",
                "format": FORMAT,
                "implementation": sys.implementation.name,
                "python": platform.python_version(),
                "build": sys.version,
                "optimize": sys.flags.optimize,
                "machine": platform.machine(),
                "system": platform.system(),
                "image": self._keys.environment,
                "packages": packages(),
            }
        )

    @cached_property
    def _secrets(self) -> list[tuple[str, str]]:
        """What values of variables look like where they are shown, and the names of these, the longest first."""
        found = [
            (repr(value)[1:-1][:_NEEDLE], name)
            for name, value in dict(os.environ).items()
            if len(value) >= _SHORTEST_SECRET and _TELLS_A_SECRET.search(name)
        ]
        return sorted(found, key=lambda pair: -len(pair[0]))

    def _masked(self, text: str) -> str:
        for value, name in self._secrets:
            text = text.replace(value, f"${name}")
        return _CREDENTIALS.sub("***@", text)


def packages() -> dict[str, str]:
    """Return the versions of the packages on the path, by name; of one that is there twice both."""
    found: dict[str, list[str]] = {}
    for folder in installed_packages():
        match = _PACKAGE.fullmatch(folder.name)
        if match:
            name = re.sub(r"[-_.]+", "-", match["name"]).lower()
            found.setdefault(name, []).append(match["version"] or "no version")
    return {name: ", ".join(dict.fromkeys(found[name])) for name in sorted(found)}


def _place(call: Call) -> str:
    function = call.function
    module = getattr(function, "__module__", None) or type(function).__module__
    return f"{module}:{getattr(function, '__qualname__', None) or name_of(function)}"


def _cut(observed: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run has read, without the files where they are more than anybody looks through."""
    return {name: value for name, value in observed.items() if not hasattr(value, "__len__") or len(value) < _MOST_READ}
