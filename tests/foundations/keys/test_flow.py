"""Bytecode in an order that layout does not show: Python's own library, written in three ways."""

import ast
import sysconfig
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foundations.keys.bytecode import Instruction, instructions_of
from foundations.keys.constants import constant_text
from foundations.keys.flow import Mark, in_order

STANDARD = Path(sysconfig.get_path("stdlib"))
FILES = [
    STANDARD / name
    for name in (
        "argparse.py", "ast.py", "asyncio/base_events.py", "codecs.py", "collections/__init__.py", "configparser.py",
        "contextlib.py", "datetime.py", "difflib.py", "doctest.py", "fractions.py", "functools.py", "heapq.py",
        "http/client.py", "inspect.py", "json/decoder.py", "logging/__init__.py", "optparse.py", "pdb.py", "pickle.py",
        "random.py", "re/_parser.py", "shutil.py", "socket.py", "statistics.py", "subprocess.py", "tarfile.py",
        "tokenize.py", "traceback.py", "typing.py", "zipfile/__init__.py",
    )
]  # fmt: skip


def _said(code: types.CodeType) -> list[Any]:
    return [
        tuple(one) if isinstance(one, Mark) else (one.op, one.flag, _text(one.argument))
        for one in in_order(instructions_of(code))
    ]


def _text(argument: Any) -> Any:
    return _said(argument) if isinstance(argument, types.CodeType) else constant_text(argument)


def _functions(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            if constant.co_flags & 2:  # classes say on which line they begin
                yield constant
            yield from _functions(constant)


def _on_one_line(tree: ast.Module) -> ast.Module:
    for one in ast.walk(tree):
        if hasattr(one, "lineno"):
            one.lineno = one.end_lineno = 1  # type: ignore[attr-defined]
            one.col_offset = one.end_col_offset = 0  # type: ignore[attr-defined]
    return tree


@pytest.mark.parametrize("file", [file for file in FILES if file.is_file()], ids=lambda file: file.name)
def test_layout_changes_nothing(file: Path) -> None:
    text = file.read_text()
    again = ast.unparse(ast.parse(text))
    written = [compile(one, "file", "exec", dont_inherit=True) for one in (text, again, _on_one_line(ast.parse(again)))]
    for functions in zip(*map(_functions, written), strict=False):
        shapes = {(one.co_names, one.co_varnames, one.co_freevars, _constants(one)) for one in functions}
        if len(shapes) == 1:  # equal functions on one line are one constant, and then the lists have shifted
            first, *others = map(_said, functions)
            assert all(other == first for other in others), functions[0]


def _constants(code: types.CodeType) -> tuple[str, ...]:
    return tuple(one.co_name if isinstance(one, types.CodeType) else constant_text(one) for one in code.co_consts)


def test_every_instruction_that_can_be_reached_is_there_once_or_in_short_ends() -> None:
    def sample(x: int) -> int:
        while x:
            try:
                if x == 3:
                    continue
                x -= 1
            except ValueError:
                break
        return x

    found = [one for one in in_order(instructions_of(sample.__code__)) if isinstance(one, Instruction)]
    assert sum(one.op == "STORE_FAST" for one in found) == 1
    assert sum(one.op == "RETURN_VALUE" for one in found) >= 1


def test_what_leads_straight_to_the_end_is_said_as_it_stands_without_what_no_path_reaches() -> None:
    def sample(x: int) -> int:
        return x + 1

    instructions = instructions_of(sample.__code__)
    assert in_order(instructions) == [Mark("path"), *instructions]
    assert in_order([*instructions, *instructions]) == in_order(instructions)


PAIRS = {
    "condition turned": ("if x: a()\nelse: b()", "if not x: a()\nelse: b()"),
    "branches swapped": ("if x: a()\nelse: b()", "if x: b()\nelse: a()"),
    "and for or": ("y = a and b or c", "y = (a or b) and c"),
    "loop's else": ("for i in x:\n  if i: break\nelse: a()", "for i in x:\n  if i: break\na()"),
    "break for continue": ("while x:\n  if a: break\n  b()", "while x:\n  if a: continue\n  b()"),
    "in the try": ("try:\n  a()\n  b()\nexcept E: c()", "try:\n  a()\nexcept E: c()\nb()"),
    "in the finally": ("try: a()\nfinally: b()", "a()\nb()"),
    "nested try": (
        "try:\n  try: a()\n  except E: b()\nexcept F: c()",
        "try:\n  try: a()\n  except F: c()\nexcept E: b()",
    ),
    "chained comparison": ("y = a < b < c", "y = a < b and c < b"),
    "order of evaluation": ("y = a() + b()", "y = b() + a()"),
    "conditional expression": ("y = a if b else c", "y = c if b else a"),
    "raise in a handler": ("try: a()\nexcept E as e: raise\n", "try: a()\nexcept E as e: raise e\n"),
    "is None": ("if x is None: a()", "if x is not None: a()"),
    "with": ("with a, b: c()", "with b, a: c()"),
    "loop after loop": ("for i in a: b()\nfor i in c: d()", "for i in c: d()\nfor i in a: b()"),
    "unpacking": ("a, *b = c", "*a, b = c"),
    "swap": ("a, b = b, a", "a, b = a, b"),
}


@pytest.mark.parametrize("name", PAIRS)
def test_what_differs_says_something_else(name: str) -> None:
    one, other = (compile(text, "file", "exec") for text in PAIRS[name])
    assert _said(one) != _said(other)
