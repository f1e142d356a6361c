"""Passwords out of text that a person or a log will see."""

import re

_CREDENTIALS = re.compile(r"(?<=://)[^\s/@]+@")


def without_credentials(text: str) -> str:
    """Return `text` with what stands before the @ of each URL replaced by stars."""
    return _CREDENTIALS.sub("***@", text)
