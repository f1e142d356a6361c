"""The descriptor of an archive: its format, and what the store below can."""

import json
import secrets
import time
from typing import Any

from foundations_archive import layout
from foundations_archive.envelope import FORMAT
from foundations_archive.errors import ArchiveDamaged, NewerFormat, NotArchived
from foundations_archive.rereading import read_verified
from foundations_archive.store import Store


def describe(store: Store) -> None:
    """Write the descriptor unless there is one, and let `store` know what its writes can; raise as `read_descriptor`.

    Whether a put can be refused is found out once, by one that must be: some servers say 200 and overwrite.
    """
    found = read_descriptor(store)
    if found is None:
        descriptor = {
            "format": FORMAT,
            "archive_id": secrets.token_hex(16),
            "created": time.time(),
            "min_reader": FORMAT,
            "caps": {"create": "native" if store.probe() else "none"},
        }
        store.create(layout.DESCRIPTOR, json.dumps(descriptor, indent=1).encode())
    elif "create" not in found["caps"]:
        store.probe()  # nobody has written it down, and nothing is overwritten
    elif found["caps"]["create"] != "native":
        store.look_before_create()


def read_descriptor(store: Store) -> dict[str, Any] | None:
    """Return what the descriptor says, or None where there is none; raise where its format is not one we know."""
    try:
        return read_verified(store, layout.DESCRIPTOR, lambda data: _read(data, store.location))
    except NotArchived:
        return None


def _read(data: bytes, location: str) -> dict[str, Any]:
    try:
        descriptor: dict[str, Any] = json.loads(data)
        newest, caps = descriptor["min_reader"], dict(descriptor.get("caps", {}))
        refused = newest > FORMAT
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        message = f"{layout.DESCRIPTOR} of the archive at {location} can't be read"
        raise ArchiveDamaged(message, key=layout.DESCRIPTOR, location=location) from error
    if refused:
        raise NewerFormat(
            f"the archive at {location} has format {newest}, this version reads up to {FORMAT}; upgrade foundations"
        )
    return {**descriptor, "caps": caps}
