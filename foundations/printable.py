"""Texts that others wrote, fit to be shown: nothing in them moves a cursor, changes a colour or breaks a line."""


def printable(text: str) -> str:
    """Return `text` with what can't be printed, or would turn the text around, in escapes."""
    return text if text.isprintable() else "".join(map(_escaped, text))


def one_line(text: str) -> str:
    """Return `text` printable and on one line, with single spaces."""
    return printable(" ".join(text.split()))


def redacted_line(text: str) -> str:
    """Return `text` as one line that a terminal shows as it is, without what stands before the @ of an address."""
    from foundations_images.redaction import without_credentials

    return without_credentials(one_line(text))


def masked(text: str) -> str:
    """Return `text` with a mark for each character that can't be printed, so that it is as long as it was."""
    return text if text.isprintable() else "".join(one if one.isprintable() else "\ufffd" for one in text)


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()
