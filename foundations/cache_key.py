"""The key under which a stage's result is cached.

It holds everything of the project: a stage is computed anew after any edit of any file of the model directory. That
is coarse, and never wrong about code; the closure of what a stage can reach will make it finer.
"""

import hashlib
import platform
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

from foundations.graph import Call
from foundations.identity import digest, fingerprint
from foundations.keys.ignored import Ignored, ignore
from foundations.outside import outside_code
from foundations.packages import installed_packages
from foundations.pickler import dumps
from foundations.signature import signature_of

_SCHEME = "foundations-key/0"


class CacheKeys:
    """Makes the keys of one job: what its project and its environment add to every key is worked out once."""

    def __init__(self, *, bundle: str, environment: str | None, root: Path, directory: str) -> None:
        self._bundle, self._environment, self._root, self._directory = bundle, environment, root, directory

    @cached_property
    def _scope(self) -> str:
        # the image's name stands for its base; what was installed into it may differ from one build to the next
        environment = (self._environment or "", _this_environment(), sys.version, *outside_code(self._root))
        return digest(_SCHEME, self._bundle, self._directory, *environment)

    def key(self, call: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
        """Return the key of a call with these arguments; positional, keyword and default spell the same key.

        Raise whatever pickling an argument raises.
        """
        signature = signature_of(call.function)
        if signature is not None:
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        return digest(self._scope, *(fingerprint(part, pickled=_pickled) for part in (call.function, args, kwargs)))


def _pickled(value: Any) -> bytes:
    return dumps(value, _without_traces)


def _without_traces(obj: Any, reduced: Any) -> Any:
    """Return how a class is pickled by value without what that differs in from one process to the next."""
    if isinstance(obj, Ignored):
        return ignore, (None,)
    if isinstance(obj, type) and isinstance(reduced, tuple) and len(reduced) > 2:
        make, (*arguments, _, extra), (attributes, slots), *rest = reduced
        attributes.pop("__slotnames__", None)  # there once an instance has been pickled
        return make, (*arguments, None, extra), (attributes, slots), *rest  # None: the class's number is random
    return reduced


def _this_environment() -> str:
    """Return what stands for the installed packages: every distribution that this Python finds."""
    found = sorted(package.name for package in installed_packages())
    text = "\n".join([platform.machine(), platform.system(), *found])
    return hashlib.sha256(text.encode()).hexdigest()
