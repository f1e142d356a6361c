"""Environment variables that code asks for while a module is imported, and that decide what it does to others."""

import re
import types
from collections.abc import Iterator, Mapping
from typing import Any

from foundations.keys.changing import called_by, names_in
from foundations.keys.constants import texts_in
from foundations.keys.user_code import UserCode
from foundations.keys.watched_environment import digest_of, variable

_ASK = frozenset({"environ", "environb", "getenv", "getenvb", "expandvars"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


def variables_asked_for(code: types.CodeType, namespace: Mapping[str, Any], owner: UserCode) -> Iterator[str]:
    """Yield words for the variables that some code names, or the functions that it calls, and that are set.

    Which text is the name of a variable can't be told from code: each that is one by chance counts too.
    """
    codes = [(code, namespace), *_called(code, namespace, owner)]
    if not any(name in _ASK for one, _ in codes for name in names_in(one)):
        return
    for name in sorted({name for one, held in codes for name in _texts(one, held)}):
        value = variable(name)
        if value is not None:
            yield f"variable {name} {digest_of(value)}"


def _called(
    code: types.CodeType, namespace: Mapping[str, Any], owner: UserCode
) -> Iterator[tuple[types.CodeType, Mapping[str, Any]]]:
    for name in set(names_in(code)):
        value = namespace.get(name)
        if isinstance(value, types.FunctionType | type) and owner.owns_module(value.__module__):
            for function in called_by(value, owner):
                yield function.__code__, function.__globals__


def _texts(code: types.CodeType, namespace: Mapping[str, Any]) -> Iterator[str]:
    found = [text for one in _all_in(code) for constant in one.co_consts for text in texts_in(constant)]
    found += [value for name in names_in(code) if type(value := namespace.get(name)) is str]
    for text in found:
        yield from _NAME.findall(text) if "$" in text else [text] if _NAME.fullmatch(text) else []


def _all_in(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _all_in(constant)
