"""What can't be pickled is named with the path to it, also inside large results."""

import threading
from typing import Any

import pytest

from foundations.values import encode, unserializable


class Model:
    def __init__(self, **attributes: Any) -> None:
        vars(self).update(attributes)


class Rude:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __reduce__(self) -> Any:
        raise TypeError("cannot pickle 'Rude' object")


def why(value: Any) -> str:
    with pytest.raises(TypeError) as caught:
        encode(value)
    return unserializable(value, caught.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (threading.Lock(), "lock: cannot pickle '_thread.lock' object"),
        (
            {"model": Model(lock=threading.Lock())},
            "dict: ['model'].lock is a lock (cannot pickle '_thread.lock' object)",
        ),
        (Model(a=[1, {2: threading.Lock()}]), "Model: .a[1][2] is a lock (cannot pickle '_thread.lock' object)"),
        ([0] * 200_000 + [threading.Lock()], "list: [200000] is a lock (cannot pickle '_thread.lock' object)"),
        ((n for n in ()), "generator: cannot pickle 'generator' object"),
        ([Rude()], "list: [0] is a Rude (cannot pickle 'Rude' object)"),
    ],
    ids=lambda one: one[:20] if isinstance(one, str) else "",
)
def test_type_and_path_are_named(value: Any, text: str) -> None:
    assert why(value) == text


def test_what_holds_itself_is_searched_too() -> None:
    one, other = Model(), Model(lock=threading.Lock())
    one.other, other.one = other, one
    assert why([one]).startswith("list: [0].other.lock is a lock")
