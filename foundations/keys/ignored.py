"""`foundations.ignore(value)`: an argument that counts as nothing for the cache."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from foundations.graph import filled, filled_arguments

# so that a job in which nothing is ignored need not look for it
_made = False


@dataclass(eq=False, slots=True)
class Ignored:
    """A value that does not count in cache keys; the stage's function gets the value itself."""

    # a dataclass, so that stages inside it are found
    value: Any

    def __post_init__(self) -> None:
        global _made
        _made = True

    def __repr__(self) -> str:
        return f"foundations.ignore({self.value!r})"

    def __reduce__(self) -> tuple[Callable[[Any], "Ignored"], tuple[Any]]:
        return ignore, (self.value,)


def ignore(value: Any) -> Any:
    """Return `value`, marked: it reaches the stage's function as it is, and counts as nothing for the cache.

    It is for what a result does not depend on, such as a progress bar, a connection or a number of threads. It can be
    an argument itself, or stand in the lists, tuples, dicts, sets and dataclass instances that an argument consists of.

    >>> train(data, threads=foundations.ignore(8)).enable_caching()
    """
    return value if isinstance(value, Ignored) else Ignored(value)


def without_marks(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments with what `ignore` has marked in their places; what holds no mark is not copied."""
    return filled_arguments(args, kwargs, Ignored, _value) if _made else (args, dict(kwargs))


def _value(mark: Ignored) -> Any:
    return filled(mark.value, Ignored, _value)
