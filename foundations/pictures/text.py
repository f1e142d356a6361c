"""Users' text, made fit for a picture: no character that breaks a format or a line, and no longer than its box."""

import unicodedata

_WIDE = frozenset("WF")


def printable(text: str) -> str:
    """Return `text` on one line, with what can't be printed or would turn the text around as an escape."""
    text = " ".join(text.split())
    return text if text.isprintable() else "".join(map(_shown, text))


def columns(text: str) -> int:
    """Return how many columns of a monospaced font `text` takes."""
    if text.isascii():
        return len(text)
    return sum(_columns(character) for character in text)


def cut(text: str, most: int) -> str:
    """Return `text`, with an ellipsis for its end where it takes more than `most` columns."""
    if columns(text) <= most:
        return text
    left, kept = most - 1, []
    for character in text:
        left -= _columns(character)
        if left < 0:
            break
        kept.append(character)
    return f"{''.join(kept).rstrip()}…"


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1
