"""What people write for where an archive is, and the store that it means."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from foundations_archive.errors import ArchiveMisconfigured
from foundations_archive.local import DirectoryStore
from foundations_archive.retrying import INTERACTIVE, Notice, Patience, Retrying
from foundations_archive.s3 import S3Store
from foundations_archive.s3_connection import S3Settings
from foundations_archive.store import require_safe_key

AWS_CONVENTIONS = S3Settings()

_ALLOWED = "an archive is a directory (path or file:///path) or s3://bucket/prefix"
_BUCKET = re.compile(r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# Amazon allows 1,024 bytes for a key, and our own may have 900.
_LONGEST_PREFIX = 120
# One letter before the colon is no scheme but a drive.
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")


@dataclass(frozen=True)
class DirectoryLocation:
    """An archive in a directory; `path` is absolute."""

    path: Path


@dataclass(frozen=True)
class S3Location:
    """An archive below a prefix, which may be empty, of a bucket."""

    bucket: str
    prefix: str


def parse_location(text: str, base: Path | None = None) -> DirectoryLocation | S3Location:
    """Return what `text` names, a relative path taken from `base` or else from the current directory.

    Raises `ArchiveMisconfigured` for what is neither a directory nor a well-formed s3:// URL.
    """
    scheme = _SCHEME.match(text)
    match scheme and scheme[1].lower():
        case None:
            return _directory(text, text, base or Path.cwd())
        case "file":
            return _file_url(text)
        case "s3":
            return _s3_url(text)
    raise ArchiveMisconfigured(f"{text!r} has a scheme that no archive has; {_ALLOWED}", location=text)


def is_on_s3(text: str) -> bool:
    """Tell whether `text` names a bucket, not a directory; raise as `parse_location` does."""
    return isinstance(parse_location(text), S3Location)


def open_store(
    text: str,
    s3: S3Settings = AWS_CONVENTIONS,
    *,
    base: Path | None = None,
    owner: tuple[int, int] | None = None,
    patience: Patience = INTERACTIVE,
    notice: Notice | None = None,
) -> Retrying:
    """Return the store that `text` names, not yet checked, which tries again for as long as `patience` says.

    What a directory gets belongs to `owner`. `notice` hears of trouble that lasts.
    """
    match parse_location(text, base):
        case DirectoryLocation(path):
            return Retrying(DirectoryStore(path, owner=owner), patience=patience, notice=notice)
        case S3Location(bucket, prefix):
            return Retrying(S3Store(bucket, prefix, s3), patience=patience, notice=notice)


def _directory(text: str, path: str, base: Path) -> DirectoryLocation:
    if not path.strip() or "\0" in path:
        raise ArchiveMisconfigured(f"{text!r} names no directory; {_ALLOWED}", location=text)
    try:
        return DirectoryLocation((base / Path(path).expanduser()).resolve())
    except (RuntimeError, OSError) as error:
        raise ArchiveMisconfigured(f"{text!r} names no directory: {error}; {_ALLOWED}", location=text) from error


def _file_url(text: str) -> DirectoryLocation:
    url = urlsplit(text)
    if url.netloc not in ("", "localhost") or not url.path.startswith("/") or url.query or url.fragment:
        raise ArchiveMisconfigured(f"{text!r} is no file on this machine; write it like file:///data/archive")
    return _directory(text, unquote(url.path), Path("/"))


def _s3_url(text: str) -> S3Location:
    bucket, _, prefix = text[len("s3:") :].removeprefix("//").partition("/")
    prefix = prefix.rstrip("/")
    if not text[len("s3:") :].startswith("//") or not _BUCKET.fullmatch(bucket):
        rules = "3 to 63 lower-case letters, digits, '-' and '.'"
        raise ArchiveMisconfigured(f"{text!r} names no bucket ({rules}); {_ALLOWED}", location=text)
    try:
        if prefix:
            require_safe_key(prefix)
    except ValueError as error:
        raise ArchiveMisconfigured(f"{text!r} has a bad prefix: {error}", location=text) from error
    if len(prefix) > _LONGEST_PREFIX:
        message = f"the prefix of {text!r} has {len(prefix)} characters; the limit is {_LONGEST_PREFIX}"
        raise ArchiveMisconfigured(message, location=text)
    return S3Location(bucket, prefix)
