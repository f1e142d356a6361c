"""A difference between two runs of a stage, for people: in a line, and as the lines of a diff."""

from foundations.differences import Difference
from foundations.printable import masked, one_line, redacted_line

_LONGEST = 100
_SAID_BY_NAME = frozenset({"code", "image", "version", "platform", "python"})
_WITHOUT_TEXT = frozenset({"file", "variable", "code", "image", "function", "class", "module", "top level", "files"})


def difference_line(one: Difference) -> str:
    """Return what differs, as one line."""
    says_it = one.kind in _SAID_BY_NAME or one.name.startswith(f"{one.kind} ")
    kind = "" if says_it else one.kind
    name = " ".join(filter(None, (kind, redacted_line(one.name))))
    place = f" ({one_line(one.file)})" if one.file and one.diff is None else ""
    if one.diff is not None or not _shows(one):
        return f"{name} {one.says}{place}"
    if one.old is not None and one.new is not None:
        if one.old == one.new:
            return f"{name}{place}: {_short(one.new)}, shown as before, with other content or code"
        return f"{name}{place}: {_short(one.old)} -> {_short(one.new)}"
    text = one.new if one.new is not None else one.old
    return f"{name} {one.says}{place}: {_short(text or '')}"


def diff_lines(diff: str | None) -> list[str]:
    """Return the lines of a difference's diff, where it has one, each with nothing in it that moves a cursor."""
    return [f"    {masked(line.expandtabs(4))}".rstrip() for line in (diff or "").splitlines()]


def _shows(one: Difference) -> bool:
    """Tell whether old and new are texts that say something to a person."""
    if one.kind in _WITHOUT_TEXT:
        return False
    return one.old is not None or one.new is not None


def _short(text: str) -> str:
    text = redacted_line(text)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
