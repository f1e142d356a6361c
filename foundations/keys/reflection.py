"""What code looks at beside calling things: names, docstrings and annotations count only where something does."""

import types
from typing import Any

from foundations.keys.nodes import Node, framed, of_text

IDENTITY = "identity"
NAMES, MODULES, DOCS, ANNOTATIONS, SOURCE, ORDER = "names", "modules", "docs", "annotations", "source", "order"
LINES = "lines"
HINTS = "hints"  # annotations, and what they name

_OF_LINES = """
getsourcelines findsource co_firstlineno __firstlineno__ co_lines co_linetable co_lnotab co_positions f_lineno
tb_lineno lineno findlinestarts getframeinfo getlineno format_exc format_exception format_tb format_stack extract_tb
extract_stack TracebackException StackSummary
"""
_WORDS = {
    **dict.fromkeys(("__name__", "__qualname__", "co_name", "agg", "aggregate", "pivot_table"), NAMES),
    **dict.fromkeys(("__module__", "getmodule", "getfile"), MODULES),
    **dict.fromkeys(("__doc__", "getdoc", "getcomments"), DOCS),
    **dict.fromkeys(
        ("__annotations__", "__signature__", "get_type_hints", "get_annotations", "signature", "getfullargspec"),
        HINTS,
    ),
    **dict.fromkeys(("getsource", "__code__", "getsourcefile"), SOURCE),
    **dict.fromkeys(_OF_LINES.split(), LINES),
    **dict.fromkeys(("__dict__", "vars", "getmembers"), ORDER),
}
# libraries that act on the annotations of what they are given
_ANNOTATED_NAMES = "attr attrs cattr cattrs dacite jaxtyping marshmallow msgspec numba pandera pydantic"
_ANNOTATED = frozenset(_ANNOTATED_NAMES.split())
# libraries that make or call what these name
_HINTED_NAMES = """
beartype fastapi fire injector langchain langchain_core multipledispatch plum pydantic_ai typeguard typer
"""
_HINTED = frozenset(_HINTED_NAMES.split())
_HINTED_BY_NAME = frozenset({"validate_call", "validate_arguments"})


def looked_at(word: str) -> str | None:
    """Return what code looks at that mentions `word` as an attribute, or as a text that may become one."""
    return _WORDS.get(word)


def looked_at_by(library: str) -> str | None:
    """Return what a function of a library, or what else it calls so, looks at in what it is given."""
    first, last = library.partition(".")[0], library.rpartition(".")[2]
    if first in _HINTED or last in _HINTED_BY_NAME:
        return HINTS
    return _WORDS.get(last) or (ANNOTATIONS if first in _ANNOTATED else None)


def seen(node: Node, what: frozenset[str]) -> bytes:
    """Return what there is to see of a node for code that looks at `what`."""
    subject = node.subject
    parts: list[bytes] = []
    if NAMES in what and isinstance(subject, types.FunctionType | type):
        parts.append(of_text(subject.__name__, subject.__qualname__))
        parts += [of_text(code.co_name) for code in node.codes]
    if MODULES in what and isinstance(subject, types.FunctionType | type):
        parts.append(of_text(str(subject.__module__)))
    if DOCS in what:
        parts.append(of_text(repr(_doc(subject)), *(repr(code.co_consts[:1]) for code in node.codes)))
    if not what.isdisjoint((ANNOTATIONS, HINTS)) and isinstance(subject, types.FunctionType | type):
        parts.append(of_text(*(f"{name}: {_shown(hint)}" for name, hint in _annotations(subject).items())))
    if LINES in what:  # with them, what stands there and the names of functions
        parts.append(of_text(*(f"{code.co_name} {code.co_firstlineno}" for code in node.codes)))
    if SOURCE in what or LINES in what:
        parts.append(of_text((node.source() if node.source else None) or ""))
    if ORDER in what and isinstance(subject, type):
        parts.append(of_text(*(name for name in vars(subject) if not name.startswith("__"))))
    return framed(*parts)


def _doc(subject: Any) -> Any:
    return vars(subject).get("__doc__") if isinstance(subject, type) else getattr(subject, "__doc__", None)


def _annotations(subject: Any) -> dict[str, Any]:
    found = vars(subject).get("__annotations__") if isinstance(subject, type) else subject.__annotations__
    return found if isinstance(found, dict) else {}


def _shown(hint: Any) -> str:
    if issubclass(type(hint), type):
        return f"{hint.__module__}.{hint.__qualname__}"
    try:
        return repr(hint)
    except Exception:  # noqa: BLE001 - a user's own __repr__
        return type(hint).__qualname__
