"""The width of texts in a picture, and texts cut to the width of their box."""

import unicodedata

_WIDE = frozenset("WF")


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


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in _WIDE else 1
