"""A function whose calls are stages: what is known of it once, and what is refused."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from foundations.attribute import Attribute
from foundations.graph import holes
from foundations.parameters import Hyperparameter, named
from foundations.parts import Method, Split, item
from foundations.signature import check_call, name_of, positional_counts, signature_of
from foundations.stage_id import function_identity

_NAME_CHARACTERS = 60
_KEY_CHARACTERS = 30


@dataclass(frozen=True)
class Staged:
    """A function whose calls are stages, with what is worked out once for all of them."""

    function: Callable[..., Any]
    signature: inspect.Signature | None
    name: str
    identity: str
    takes: range

    @classmethod
    def of(cls, function: Callable[..., Any]) -> "Staged":
        """Return a function with what is to be known of it."""
        signature = signature_of(function)
        return cls(function, signature, name_of(function), function_identity(function), positional_counts(signature))

    def check(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Raise the `TypeError` that calling the function with these arguments would raise."""
        if kwargs or len(args) not in self.takes:  # else there is nothing to bind, which takes its time
            check_call(self.function, self.signature, args, kwargs)

    def checked(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], found: Sequence[Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments of a call with a name for each of the hyperparameters among what was `found` in them."""
        for one in found:
            if isinstance(one, Attribute):
                one.refuse()
        if any(isinstance(one, Hyperparameter) and one.name is None for one in found):
            return named(self.function, self.signature, args, kwargs)
        return args, kwargs


def refuse_function(function: Any, lazy: tuple[type, ...]) -> None:
    """Raise `TypeError` for what can't be a stage's function; `lazy` is what only the arguments of a call can be."""
    if isinstance(function, Attribute):
        function.refuse()
    if not callable(function) or isinstance(function, lazy):
        raise TypeError(f"create_stage takes a function, got {function!r} of type {type(function).__name__}")
    for one in (function, type(function).__call__):
        if inspect.iscoroutinefunction(one) or inspect.isasyncgenfunction(one):
            raise TypeError(
                f"create_stage takes functions that return their result, and {name_of(function)} is async; wrap it: "
                f"create_stage(lambda *args: asyncio.run({name_of(function)}(*args)))"
            )
    for given in _given(function):
        for one in holes(given, lazy):
            raise TypeError(
                f"{name_of(function)} has {one!r} as a default or as an argument that a partial holds; pass it in the "
                "call that makes the stage"
            )


def taking_item(of: str, key: Any) -> Staged:
    """Return what takes the item `key` of the result of the stage named `of`."""
    # without a signature: whoever writes stage[...] has seen no parameter whose name a Hyperparameter could take
    return Staged(item, None, _cut(f"{of}[{_key_text(key)}]"), _ITEM, _UNCHECKED)


def splitting(of: str, count: int) -> Staged:
    """Return what takes the result of the stage named `of` apart."""
    function = Split(of, count)
    return Staged(function, None, _cut(f"{of}.split({count})"), function_identity(function), _UNCHECKED)


def calling(of: str, method: str) -> Staged:
    """Return what calls a method of the result of the stage named `of`."""
    function = Method(of, method)
    return Staged(function, None, _cut(f"{of}.{method}"), function_identity(function), _UNCHECKED)


_ITEM = function_identity(item)
_UNCHECKED = range(0)


def _given(function: Any) -> list[Any]:
    """Return the arguments that a function has before it is called."""
    given: list[Any] = []
    while isinstance(function, partial):
        given += [function.args, function.keywords]
        function = function.func
    inside = getattr(function, "__func__", function)
    return [*given, getattr(inside, "__defaults__", None), getattr(inside, "__kwdefaults__", None)]


def _key_text(key: Any) -> Any:
    if isinstance(key, slice):
        step = "" if key.step is None else f":{_key_text(key.step)}"
        return ":".join("" if end is None else _key_text(end) for end in (key.start, key.stop)) + step
    if isinstance(key, Hyperparameter):
        return str(key.name)
    if type(key) in (int, str, float, bool):
        text = repr(key) if type(key) is not int or key.bit_length() < 64 else "int"
        return text if len(text) <= _KEY_CHARACTERS else f"{text[:_KEY_CHARACTERS]}..."
    return key.name() if type(key).__name__ == "Stage" else type(key).__name__


def _cut(name: str) -> str:
    return name if len(name) <= _NAME_CHARACTERS else f"...{name[-_NAME_CHARACTERS:]}"
