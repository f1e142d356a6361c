"""What counts where code can't be followed: all code of the model directory, or all its data files."""

import ast
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from foundations.keys.nodes import Node, of_text
from foundations.keys.parsing import parsed
from foundations.keys.user_code import UserCode

_LEFT_OUT = frozenset({"site-packages", "dist-packages", "node_modules", "__pycache__"})
_CODE = (".py", ".so", ".pyd", ".pyx")
_CHUNK = 1024 * 1024
_MANY = 300
_MOST = 5000


def everything(code: UserCode) -> Node:
    """Return the node for all code of the model directory and of the folders beside it, normalised.

    Raise `ValueError` where there are too many files to look at.
    """
    node = Node("files", "all code of the model directory", subject="everything")
    found = [(folder, file) for folder in code.folders for file in _files(folder) if file.endswith(_CODE)]
    if len(found) > _MOST:
        raise ValueError(f"there are more than {_MOST:,} files of code in {', '.join(map(str, code.folders))}")
    # parsing takes its time; of many files, comments count too
    said = code_text if len(found) <= _MANY else content
    texts = [text for folder, file in found for text in (os.path.relpath(file, folder), said(file))]
    node.local = of_text("everything", *texts)
    return node


def data_files(folder: str) -> Node:
    """Return the node for all files below a folder that are no Python code, by content."""
    node = Node("files", "the data files of the model directory")
    texts = [
        text
        for file in _files(Path(folder))
        if not file.endswith((*_CODE, ".pyc"))
        for text in (os.path.relpath(file, folder), content(file))
    ]
    node.local = of_text("data files", *texts)
    return node


def content(file: str) -> str:
    """Return the SHA-256 of a file, or a word for one that can't be read."""
    whole = hashlib.sha256()
    try:
        with open(file, "rb") as opened:
            while chunk := opened.read(_CHUNK):
                whole.update(chunk)
    except OSError as error:
        return f"unreadable {type(error).__name__}"
    return whole.hexdigest()


def code_text(file: str) -> str:
    """Return what a file of code says without comments, docstrings, layout and annotations of functions."""
    if not file.endswith(".py"):
        return content(file)
    try:
        tree = parsed(Path(file).read_bytes())
        return statement_text(*tree.body)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return content(file)


def statement_text(*statements: ast.stmt) -> str:
    """Return what statements say without comments, docstrings, layout and annotations of functions.

    The statements are changed by it.
    """
    for statement in statements:
        for one in ast.walk(statement):
            _strip(one)
    return "\n".join(ast.dump(one) for one in statements if not _is_text(one))


def _strip(one: ast.AST) -> None:
    if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        if _is_text(one.body[0]):
            one.body[:1] = [] if len(one.body) > 1 else [ast.Pass()]
        if not isinstance(one, ast.ClassDef):
            one.returns = None
    elif isinstance(one, ast.arg):
        one.annotation = None


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _files(folder: Path) -> Iterator[str]:
    for directory, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _LEFT_OUT)
        yield from (os.path.join(directory, name) for name in sorted(files) if not name.startswith("."))
