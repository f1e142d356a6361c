"""Records as bytes: JSON in an envelope that says its kind and proves that nothing was altered."""

import hashlib
import json
import math
import re
import secrets
import zlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from foundations_archive.errors import ArchiveDamaged, ArchiveUntrusted, NewerFormat
from foundations_archive.signing import SigningKey

FORMAT = 1
_Record = TypeVar("_Record")
_COMPRESSED = b"FZ1"
_COMPRESS_FROM = 4096
_LARGEST = 1 << 30
_BODY = b', "body": '
# in a body, and so in its digest: where in the archive the record belongs
_PLACE = "$key"
_FLOATS = ("nan", "inf", "-inf")
# what Python reads as a number and JSON does not have, or may be infinite
_NO_NUMBER = re.compile(rb"NaN|Infinity|[eE]\+?[0-9]{3}")


def seal(kind: str, body: Any, *, key: str = "", signing: SigningKey | None = None) -> bytes:
    """Return the bytes of a record; a nonce makes two records of equal content tell themselves apart.

    It says its `key` in the archive, and is worth nothing under another. With `signing` it is signed for that too.
    """
    text = canonical({**body, _PLACE: key} if key and isinstance(body, dict) else body)
    digest = hashlib.sha256(text).hexdigest()
    head: dict[str, Any] = {"format": FORMAT, "kind": kind, "nonce": secrets.token_hex(8), "sha256": digest}
    if signing:
        head["signature"] = signing.sign(_signed(head, key))
    data = json.dumps(head)[:-1].encode() + _BODY + text + b"}"
    return data if len(data) < _COMPRESS_FROM else _COMPRESSED + zlib.compress(data, 1)


def unseal(kind: str, data: bytes, key: str, *, signing: SigningKey | None = None) -> Any:
    """Return the body of the record that was read at `key`; raise `ArchiveDamaged` unless it is whole.

    What was written for another key is not. With `signing`, raise `ArchiveUntrusted` unless who wrote it had that key.
    Raise `NewerFormat` for a record of a format that this version does not know.
    """
    try:
        head, body, found = _opened(_plain(data))
        written, stated, newer = head["kind"], head["sha256"], head["format"] > FORMAT
        signature, message = (head.get("signature"), _signed(head, key)) if signing else (None, b"")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, zlib.error) as error:
        raise ArchiveDamaged(f"the record {key} can't be read: {error}", key=key) from error
    if newer:
        raise NewerFormat(f"the record {key} was written by a newer version; upgrade foundations", key=key)
    if written != kind or found != stated:
        raise ArchiveDamaged(f"the record {key} is not what was written: its digest or kind differs", key=key)
    if signing and not signing.has_signed(message, signature):
        raise _untrusted(key, signed=signature is not None)
    # earlier versions did not say it
    place = body.pop(_PLACE, key) if isinstance(body, dict) else key
    if place != key:
        raise ArchiveDamaged(f"the record {key} was written for {place}; somebody moved or exchanged it", key=key)
    return body


def _signed(head: Mapping[str, Any], key: str) -> bytes:
    """Return what a signature is made over: all that a head says, and where the record lies."""
    return canonical(["record", head["format"], head["kind"], key, head["nonce"], head["sha256"]])


def _untrusted(key: str, *, signed: bool) -> ArchiveUntrusted:
    what = "is signed, but not for this place with this signing key" if signed else "is not signed"
    return ArchiveUntrusted(
        f"the record {key} {what}, so nothing that it names is run or unpickled; if you trust whoever may write to "
        "the archive, use an environment without a signing key",
        key=key,
        code="signed otherwise" if signed else "unsigned",
    )


def _opened(data: bytes) -> tuple[dict[str, Any], Any, str]:
    """Return the head and the body of a record, and the digest that the body has."""
    head, separator, text = data.partition(_BODY)
    if separator and text.endswith(b"}") and not _NO_NUMBER.search(text):
        # as `seal` writes it the text is the canonical one: no need to write that anew
        found = hashlib.sha256(text[:-1]).hexdigest()
        record = json.loads(head + b"}")
        if record["sha256"] == found:
            return record, json.loads(text[:-1]), found
    record = json.loads(data)
    return record, record["body"], hashlib.sha256(canonical(record["body"])).hexdigest()


def digest_of(data: bytes) -> str:
    """Return the digest of a record's body that its bytes, as `seal` made them, state."""
    stated = json.loads(_plain(data).partition(_BODY)[0] + b"}")["sha256"]
    return str(stated)


def canonical(body: Any) -> bytes:
    """Return the one JSON text of `body`: sorted keys, no spaces, no NaN."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def tagged(value: Any) -> Any:
    """Return `value` with NaN and the infinities, which JSON lacks, as `{"$float": "nan"}`."""
    if isinstance(value, float) and not math.isfinite(value):
        return {"$float": repr(value)}
    if isinstance(value, list | tuple):
        return [tagged(item) for item in value]
    if isinstance(value, dict):
        return {key: tagged(item) for key, item in value.items()}
    return value


def untagged(value: Any) -> Any:
    """Return what `tagged` was given; what is no such thing is left as it is."""
    try:
        return _untagged(value)
    except RecursionError:  # a record holds what its writer likes, and one must not hide all others
        return value


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if isinstance(value, dict):
        if value.keys() == {"$float"} and value["$float"] in _FLOATS:
            return float(value["$float"])
        return {key: _untagged(item) for key, item in value.items()}
    return value


def _plain(data: bytes) -> bytes:
    if not data.startswith(_COMPRESSED):
        return data
    # bounded: a small object must not unpack to more than a reader can hold
    decompressor = zlib.decompressobj()
    plain = decompressor.decompress(data[len(_COMPRESSED) :], _LARGEST)
    if not decompressor.eof:
        raise ValueError("it is cut off or larger than a record may be")
    return plain


def made(of: Callable[[Any], _Record], body: Any, key: str) -> _Record:
    """Return the record that `of` makes of a body; raise `ArchiveDamaged` where that lacks what this version needs."""
    try:
        return of(body)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ArchiveDamaged(f"the record {key} lacks what this version needs: {error!r}", key=key) from error
