"""Job ids: sortable by time, or the user's own name."""

import itertools
import os
import re
import secrets
import time
import uuid

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


_named = itertools.count(1)


def new_job_id() -> str:
    """Return the id of a job that its driver gives no name: the one that the command line gave, else a new one.

    FOUNDATIONS_JOB_NAME is a driver's first job; the next ones of the same process are NAME-2, NAME-3, ...
    """
    name = os.environ.get("FOUNDATIONS_JOB_NAME")
    if not name:
        return _time_ordered()
    number = next(_named)
    return checked_job_name(name if number == 1 else f"{name}-{number}")


def checked_job_name(name: str) -> str:
    """Return `name`, or raise `ValueError` where it can't be the name of a job."""
    if not isinstance(name, str) or not _SAFE.fullmatch(name):
        raise ValueError(
            f"{name!r} can't be the name of a job; use 1 to 128 letters, digits, '.', '_' and '-', the first of "
            "them a letter or a digit"
        )
    return name


def _time_ordered() -> str:
    """Return a UUID of version 7 (RFC 9562, 5.7): 48 bits of milliseconds since 1970, the rest random."""
    milliseconds = time.time_ns() // 1_000_000
    bits = (milliseconds << 80) | (0x7 << 76) | (secrets.randbits(12) << 64) | (0b10 << 62) | secrets.randbits(62)
    return str(uuid.UUID(int=bits))
