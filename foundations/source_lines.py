"""The lines of code that travels by value: its worker has no file to read them from when a traceback shows them.

Only the lines of the code itself travel, not the file around them, which may be one that stays behind.
"""

import linecache
import types
from collections.abc import Callable
from typing import Any

from foundations.ipython import ipython_shell


def shown_name(file: str) -> str | None:
    """Return the name by which people know what has no file, a notebook's cell or a prompt's line, else None."""
    told = getattr(getattr(ipython_shell(), "compile", None), "format_code_name", lambda _: None)(file)
    if told:
        return " ".join(told)
    return file if file.startswith("<") else None


def lines_of(code: types.CodeType) -> str:
    """Return the lines of the source that `code` was made of, as far as they can be had."""
    last = max((end for _, end, _, _ in code.co_positions() if end), default=code.co_firstlineno)
    return "".join(linecache.getlines(code.co_filename)[code.co_firstlineno - 1 : last])


def with_lines(name: str, first: int, text: str, make: Callable[..., Any], parts: Any) -> Any:
    """Return what `make` makes of `parts`, and let tracebacks find `text` from line `first` on in the file `name`."""
    known = linecache.cache.get(name)
    lines = list(known[2]) if known is not None and len(known) > 1 else []
    new = text.splitlines(keepends=True)
    lines.extend("\n" for _ in range(len(lines), first - 1 + len(new)))
    lines[first - 1 : first - 1 + len(new)] = new
    linecache.cache[name] = (sum(map(len, lines)), None, lines, name)  # no time: it is never looked for on the disk
    return make(*parts)
