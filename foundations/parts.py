"""What stages on the result of a stage do in the job: take it apart, take an item of it, call a method of it."""

from collections.abc import Mapping, Set, Sized
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

from foundations.signature import STAGE_FUNCTION

_WITHOUT_ORDER = (Mapping, Set)
_TEXTS = (str, bytes, bytearray)


def item(value: Any, key: Any, /) -> Any:
    """Return `value[key]`."""
    return value[key]


@dataclass(frozen=True)
class Split:
    """Takes a result apart into a tuple of `count` parts; `stage` is the name of the stage that it is the result of."""

    __name__ = "split"

    stage: str
    count: int

    def __call__(self, value: Any, /) -> tuple[Any, ...]:
        """Return the parts; raise `TypeError` for what has none in an order, `ValueError` for another number."""
        wanted = f"split({self.count}) of the result of stage {self.stage} wants {self.count} parts"
        kind = type(value).__qualname__
        if isinstance(value, _TEXTS):
            raise TypeError(f"{wanted} and got a {kind}, whose parts are its characters; return a list or a tuple")
        if isinstance(value, _WITHOUT_ORDER) or kind == "DataFrame":
            raise TypeError(f"{wanted} and got a {kind}; return a list or a tuple, or take its items: stage[key]")
        try:
            parts = tuple(islice(iter(value), self.count + 1))  # a generator may have no end
        except TypeError as error:
            if hasattr(type(value), "__iter__"):
                raise
            raise TypeError(f"{wanted} and got a {kind}, which can't be taken apart") from error
        if len(parts) != self.count:
            raise ValueError(f"{wanted} and got a {kind} of {_size(value, len(parts), self.count)}")
        return parts


@dataclass(frozen=True)
class Method:
    """Calls the method `name` of a result; `stage` is the name of the stage that it is the result of."""

    stage: str
    name: str

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self, value: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Return what the method returns; raise `AttributeError` or `TypeError` where there is no such method."""
        kind = type(value).__qualname__
        try:
            method = getattr(value, self.name)
        except AttributeError as error:
            raise AttributeError(
                f"the result of stage {self.stage} is a {kind}, which has no method {self.name} ({error})"
            ) from error
        if not callable(method):
            raise TypeError(
                f"{self.name} of the result of stage {self.stage}, a {kind}, is a {type(method).__qualname__} and no "
                f"method; take it in a stage: stage.stage(lambda value: value.{self.name})"
            )
        if (staged := getattr(method, STAGE_FUNCTION, None)) is not None:  # in the class body; here it shall be called
            method = partial(staged, method.__self__) if hasattr(method, "__self__") else staged
        return method(*args, **kwargs)


def _size(value: Any, found: int, wanted: int) -> str:
    if isinstance(value, Sized):
        return str(len(value))
    return str(found) if found < wanted else f"more than {wanted}"
