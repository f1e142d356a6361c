"""Signatures: a reader that has the key knows which records come from someone who has it too."""

import hmac
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from foundations_archive.errors import ArchiveMisconfigured

SHORTEST = 32
_LARGEST_FILE = 65_536
_TEXT = frozenset(b"\t\r\n" + bytes(range(0x20, 0x7F)))
_MAKE_ONE = "make one with: (umask 077; openssl rand -hex 32 > FILE)"


@dataclass(frozen=True)
class SigningKey:
    """What records are signed with: the first of the secrets signs, and all of them verify."""

    secrets: tuple[bytes, ...] = field(repr=False)

    def sign(self, message: bytes) -> str:
        """Return the HMAC-SHA256 of a message."""
        return hmac.digest(self.secrets[0], message, "sha256").hex()

    def has_signed(self, message: bytes, signature: Any) -> bool:
        """Tell whether `signature` is one of these secrets' for a message."""
        # compared as bytes: of texts that are not ASCII it would raise
        given = signature.encode("utf-8", "replace") if isinstance(signature, str) else b""
        made = (hmac.digest(secret, message, "sha256").hex().encode() for secret in self.secrets)
        return any(hmac.compare_digest(one, given) for one in made)

    def exported(self) -> tuple[str, ...]:
        """Return the secrets as text, for another process."""
        return tuple(secret.hex() for secret in self.secrets)

    @classmethod
    def imported(cls, texts: Iterable[str]) -> Self | None:
        """Return the key that `exported` gave, or None where it gave nothing."""
        secrets = tuple(map(bytes.fromhex, texts))
        return cls(secrets) if secrets else None


def read_signing_key(path: Path) -> SigningKey:
    """Return the key that a file holds: a secret a line where it is text, else all of it.

    Raise `ArchiveMisconfigured` where it is missing, too short to be one, or open to other users of the machine.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > _LARGEST_FILE:
            raise _unusable(path, "is no file that could be a key")
        data = path.read_bytes()
    except OSError as error:
        raise _unusable(path, f"can't be read: {error.strerror or error}") from error
    if found.st_mode & (stat.S_IRWXO | stat.S_IWGRP) and os.name == "posix":
        mode = f"mode {stat.S_IMODE(found.st_mode):03o}"
        raise ArchiveMisconfigured(
            f"the signing key file {path} is open to other users ({mode}), so anyone may have the key: chmod 600 it, "
            "and make a new key unless you know that nobody took this one"
        )
    lines = [line.strip() for line in data.splitlines()] if _TEXT.issuperset(data) else [data]
    secrets = tuple(line for line in lines if line)
    if not secrets:
        raise _unusable(path, "is empty")
    if shortest := [secret for secret in secrets if len(secret) < SHORTEST]:
        raise _unusable(path, f"holds a key of {len(shortest[0])} bytes, and fewer than {SHORTEST} can be guessed")
    return SigningKey(secrets)


def _unusable(path: Path, why: str) -> ArchiveMisconfigured:
    return ArchiveMisconfigured(f"the signing key file {path} {why}; {_MAKE_ONE}")
