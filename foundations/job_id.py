"""Job ids: sortable by time, or the user's own name."""

import re
import secrets
import time
import uuid

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def new_job_id() -> str:
    """Return a UUID of version 7 (RFC 9562, 5.7): 48 bits of milliseconds since 1970, the rest random."""
    milliseconds = time.time_ns() // 1_000_000
    bits = (milliseconds << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return str(uuid.UUID(int=bits))


def checked_job_name(name: str) -> str:
    """Return `name`, or raise `ValueError` where it can't be the name of a job."""
    if not isinstance(name, str) or not _SAFE.fullmatch(name):
        raise ValueError(
            f"{name!r} can't be the name of a job; use 1 to 128 letters, digits, '.', '_' and '-', the first of "
            "them a letter or a digit"
        )
    return name
