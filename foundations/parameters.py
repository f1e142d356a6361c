"""Hyperparameters: placeholders in the arguments of stages, whose values are given when a job is run."""

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from foundations.graph import filled
from foundations.signature import name_of


@dataclass(frozen=True)
class Hyperparameter:
    """A placeholder in a stage's arguments; each `run` says which value it has in that job.

    Without a name it takes that of the argument that it is, or is a part of. Placeholders of one name have one value.
    Raise `TypeError` for a name that is no text, `ValueError` for a blank one.

    >>> model = train(data, rate=foundations.Hyperparameter())
    >>> model.run(rate=0.1)
    """

    name: str | None = None

    def __post_init__(self) -> None:
        if self.name is not None and not isinstance(self.name, str):
            raise TypeError(f"the name of a Hyperparameter is a text, got {self.name!r}")
        if self.name is not None and not self.name.strip():
            raise ValueError(f"the name of a Hyperparameter must not be blank, got {self.name!r}")

    def __repr__(self) -> str:
        return f"Hyperparameter({'' if self.name is None else repr(self.name)})"

    def __copy__(self) -> "Hyperparameter":
        return self

    def __deepcopy__(self, memo: Any) -> "Hyperparameter":
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"the value of {self!r} can't be put there; pass it as an argument, or in a list, tuple, set, dict or "
            "dataclass that is one"
        )


def named(
    function: Any, signature: inspect.Signature | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments whose hyperparameters all have names; raise `TypeError` where the user has to give one."""
    positions = _positional(signature)

    def under(name: str | None, value: Any) -> Any:
        def swap(one: Hyperparameter) -> Hyperparameter:
            if one.name is None and name is None:
                raise TypeError(
                    f"a Hyperparameter among the arguments of {name_of(function)}() has no parameter's name to take; "
                    'give it one: Hyperparameter("rate")'
                )
            return one if one.name is not None else Hyperparameter(name)

        return filled(value, Hyperparameter, swap)

    names = [*positions, *[None] * len(args)]
    return (
        tuple(under(name, value) for name, value in zip(names, args, strict=False)),
        {name: under(name, value) for name, value in kwargs.items()},
    )


def merged(params_dict: Mapping[str, Any] | None, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a run's parameters; raise `ValueError` for what both hold, `TypeError` for no dict."""
    if params_dict is None:
        return dict(params)
    if not isinstance(params_dict, Mapping):
        raise TypeError(
            f"params_dict is a dict of parameters' names and values, got {params_dict!r}; single parameters are "
            "passed by keyword: run(rate=0.1)"
        )
    if wrong := [name for name in params_dict if not isinstance(name, str)]:
        raise TypeError(f"params_dict has the key {wrong[0]!r}; the names of parameters are texts")
    if twice := [name for name in params_dict if name in params]:
        raise ValueError(f"{_told(twice)} given twice, in params_dict and by keyword")
    return {**params_dict, **params}


def check_parameters(parameters: Iterable[str], wanted: Iterable[str], *, place: str | None = None) -> None:
    """Raise `ValueError` that names each parameter that is missing, or that no stage of the job takes.

    `place` is the argument that its values are to be named in; None where they are passed to `run`.
    """
    names = dict.fromkeys(wanted)
    problems = []
    if missing := [name for name in names if name not in parameters]:
        problems.append(f"{_told(missing)} missing; {_way(missing, place)}")
    if surplus := [name for name in parameters if name not in names]:
        known = f"those that its stages take are {', '.join(map(repr, names))}" if names else "its stages take none"
        problems.append(f"{_told(surplus)} not known to this job; {known}")
    if problems:
        raise ValueError("; ".join(problems))


def _positional(signature: inspect.Signature | None) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [name for name, one in signature.parameters.items() if one.kind in kinds] if signature else []


def _way(missing: list[str], place: str | None) -> str:
    if place is None:
        return f"pass values to run: run({', '.join(map(_keyword, missing))})"
    them = "it" if len(missing) == 1 else "them"
    return f"name {them} in {place}: {{{', '.join(f'{name!r}: ...' for name in missing)}}}"


def _told(names: Iterable[str]) -> str:
    texts = [repr(name) for name in names]
    return f"the parameter {texts[0]} is" if len(texts) == 1 else f"the parameters {', '.join(texts)} are"


def _keyword(name: str) -> str:
    return f"{name}=..." if name.isidentifier() else f"**{{{name!r}: ...}}"
