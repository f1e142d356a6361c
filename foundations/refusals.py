"""What can't be done with a result that is not there yet: every operator raises, and says what to write instead."""

from collections.abc import Callable
from typing import Any, NoReturn

_IN_A_STAGE = "do it in a stage: stage.stage(lambda value: ...)"
_CALCULATED = ("calculated with", "calculate in a stage: stage.stage(lambda value: value + 1)")
_COMPARED = ("compared", "compare in a stage: stage.stage(lambda value: value > 1)")
_NUMBER = ("turned into a number", "do so in a stage: stage.stage(float)")
_CHANGED = ("changed", "change it in the stage that makes it, or in one that returns the changed value")
_ENTERED = ("entered by with", "enter it in the stage that uses it")
_AWAITED = ("awaited", "run() returns when it is there")
_BINARY = (
    "add",
    "sub",
    "mul",
    "matmul",
    "truediv",
    "floordiv",
    "mod",
    "divmod",
    "pow",
    "lshift",
    "rshift",
    "and",
    "xor",
    "or",
)

_REFUSED = {
    **{f"__{name}__": _CALCULATED for name in _BINARY},
    **{f"__r{name}__": _CALCULATED for name in _BINARY},
    **{f"__{name}__": _CALCULATED for name in ("neg", "pos", "abs", "invert", "round", "trunc", "floor", "ceil")},
    **{f"__{name}__": _COMPARED for name in ("lt", "le", "gt", "ge")},
    **{f"__{name}__": _NUMBER for name in ("int", "float", "complex", "index")},
    **{f"__{name}__": _CHANGED for name in ("setitem", "delitem")},
    **{f"__{name}__": _ENTERED for name in ("enter", "exit", "aenter", "aexit")},
    **{f"__{name}__": _AWAITED for name in ("await", "aiter")},
    "__bool__": ("tested", "test it in a stage: what depends on it is decided there"),
    "__len__": ("measured", "measure it in a stage: stage.stage(len)"),
    "__contains__": ("searched", "search it in a stage: stage.stage(lambda value: 1 in value)"),
    "__iter__": ("taken apart", "stage.split(2) gives two parts as stages, stage[key] one item"),
    "__reversed__": ("turned round", "do it in a stage: stage.stage(sorted)"),
    "__getitem__": ("indexed", _IN_A_STAGE),
}


Refuse = Callable[[Any, str, str], NoReturn]


def refuse_operators(kind: type[Any], refuse: Refuse) -> None:
    """Let each operator that `kind` does not define call `refuse` with itself, what was tried, and what to write."""
    for name, (what, instead) in _REFUSED.items():
        if name not in vars(kind):
            setattr(kind, name, _refusal(refuse, what, instead))


def _refusal(refuse: Refuse, what: str, instead: str) -> Callable[..., NoReturn]:
    def refused(self: Any, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG001 - whatever the operator passes
        refuse(self, what, instead)

    return refused
