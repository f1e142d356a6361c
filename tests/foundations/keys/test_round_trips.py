"""What comes back from the cache has the digest that it had: consumers of a result that was read are cached too."""

from typing import Any

import pytest

from foundations.values import decode, encode
from tests.foundations.keys.differing import FAMILIES
from tests.foundations.keys.samples import digest

# what pickling itself changes or forgets: these have another digest, since they are other values
LOSSY = {"memoryview", "list with a memoryview", "Shy", "MaskedArray"}


@pytest.mark.parametrize("name", sorted(FAMILIES.keys() - {"attributes of what knows none"}))
def test_a_value_that_was_stored_has_the_digest_of_the_one_that_was_made(name: str) -> None:
    changed = [kind(value) for value in FAMILIES[name]() if not keeps(value)]
    assert set(changed) <= LOSSY


def keeps(value: Any) -> bool:
    try:
        encoding, buffers = encode(value)
    except Exception:  # noqa: BLE001 - whatever keeps it from being stored
        return True  # it can't be stored
    return digest(decode(encoding, [bytearray(buffer) for buffer in buffers])) == digest(value)


def kind(value: Any) -> str:
    held = " with a memoryview" if type(value) is list and memoryview in map(type, value) else ""
    return type(value).__name__ + held
