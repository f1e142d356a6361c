"""What a stage's function takes: the check of a call on the line that makes it, and the names of its arguments."""

import functools
import inspect
import types
from collections.abc import Callable, Mapping
from typing import Any

# where what create_stage returns keeps the function that it was given
STAGE_FUNCTION = "__stage_function__"


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return a function's signature, or None for a builtin that does not tell."""
    # a decorator that names parameters may have changed them; one that passes everything on says nothing
    told = inspect.unwrap(function, stop=lambda one: isinstance(one, types.MethodType) or _names_parameters(one))
    try:
        return inspect.signature(told, follow_wrapped=not _names_parameters(told))
    except (ValueError, TypeError):
        return None


def name_of(function: Callable[..., Any]) -> str:
    """Return the name by which people know a callable: a partial's function, an object's class."""
    while not hasattr(function, "__name__") and hasattr(function, "func"):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def check_call(
    function: Callable[..., Any],
    signature: inspect.Signature | None,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> None:
    """Raise the `TypeError` that calling `function` with these arguments would raise, without calling it."""
    if signature is None:
        return
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        problem = f"{name_of(function)}() {error}"
    else:
        return
    # out of the handler: the error stands alone, as it does where Python raises it
    _complain(*_call_inside(function, args, kwargs))
    raise TypeError(problem)


def positional_counts(signature: inspect.Signature | None) -> range:
    """Return how many arguments, passed by position, are a whole call; an empty range where no number is."""
    parameters = signature.parameters.values() if signature is not None else ()
    plain = [one for one in parameters if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
    rest = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [one for one in parameters if one.default is one.empty and one.kind not in rest]
    if signature is None or any(one not in plain for one in needed):
        return range(0)
    return range(len(needed), len(plain) + 1)


def arguments_of(
    signature: inspect.Signature | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> list[tuple[str, Any]]:
    """Return the arguments of a call under their parameters' names, defaults filled in."""
    if signature is None:
        return [*((f"arg{place}", value) for place, value in enumerate(args)), *kwargs.items()]
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    named: list[tuple[str, Any]] = []
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_KEYWORD:
            named.extend(value.items())
        elif kind is not inspect.Parameter.VAR_POSITIONAL or value:
            named.append((name, value))
    return named


def _names_parameters(function: Callable[..., Any]) -> bool:
    code = getattr(function, "__code__", None)
    if code is None:
        return False
    takes_all = inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
    return bool(code.co_argcount or code.co_kwonlyargcount or code.co_flags & takes_all != takes_all)


def _call_inside(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Callable[..., Any], tuple[Any, ...], Mapping[str, Any]]:
    """Return the call that a call ends in: its function is the one that Python's messages name and count for."""
    while not isinstance(function, types.FunctionType):
        if isinstance(function, functools.partial):
            args, kwargs, function = (*function.args, *args), {**function.keywords, **kwargs}, function.func
        elif isinstance(function, types.MethodType):
            args, function = (function.__self__, *args), function.__func__
        elif isinstance(inside := _function_inside(function), types.FunctionType):
            args, function = (function, *args), inside
        else:
            break
    return function, args, kwargs


def _function_inside(function: Callable[..., Any]) -> Any:
    if not isinstance(function, type) or type(function).__call__ is not type.__call__:
        return type(function).__call__
    return getattr(function, "__new__" if isinstance(function.__new__, types.FunctionType) else "__init__")


def _complain(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
    """Let Python word it: call a function that has this one's signature and name, and does nothing."""
    signature = signature_of(function)
    if signature is None:
        return
    plain = signature.replace(
        parameters=[
            parameter.replace(
                annotation=inspect.Parameter.empty,
                default=parameter.default if parameter.default is inspect.Parameter.empty else None,
            )
            for parameter in signature.parameters.values()
        ],
        return_annotation=inspect.Signature.empty,
    )
    scope: dict[str, Any] = {}
    exec(f"def stand_in{plain}: pass", scope)  # noqa: S102 - parameter names are identifiers
    stand_in = scope["stand_in"]
    stand_in.__name__ = name_of(function)
    stand_in.__qualname__ = getattr(function, "__qualname__", stand_in.__name__)
    stand_in(*args, **kwargs)
