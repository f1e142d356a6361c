"""A pack as bytes: the rows of many ended jobs by columns, and the keys of what it makes superfluous.

`FPK1`, the length of the head, the head, then the parts. The first part says what there is; the others are one column
each. Each part is compressed only where that saves a fifth; the digest is that of the parts as they are uncompressed,
so that one which is kept uncompressed is checked the same way.
"""

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from foundations_archive.columns import KINDS, WIDTH, Column
from foundations_archive.envelope import FORMAT, canonical
from foundations_archive.errors import ArchiveDamaged
from foundations_archive.groups import Group, Shape

LARGEST = 256 << 20

_MAGIC = b"FPK1"
_LENGTH = struct.Struct("<I")
_OWN_PART_FROM = 8
_SAMPLE = 1 << 16
_WORTH = 0.8
_NUMBERS = ("f8", "i8")
_UNREADABLE = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    StopIteration,
    zlib.error,
    struct.error,
)


@dataclass(frozen=True)
class Pack:
    """Groups of rows, and the keys of the rows and of the smaller packs that nobody needs to read beside it."""

    groups: Sequence[Group]
    replaces: frozenset[str]
    digest: str
    parts: Sequence[memoryview]

    @classmethod
    def of(cls, groups: Sequence[Group], replaces: frozenset[str]) -> "Pack":
        """Return the pack of groups that `merged` gave."""
        columns = [column for group in groups if _apart(len(group.jobs)) for column in group.columns]
        inside = {"replaces": sorted(replaces), "groups": [_described(group) for group in groups]}
        parts = [memoryview(canonical(inside)), *(column.data for column in columns)]
        return cls(groups, replaces, _digest(parts), parts)

    @property
    def rows(self) -> int:
        """How many jobs have a row in it."""
        return sum(len(group.jobs) for group in self.groups)

    @property
    def size(self) -> int:
        """How many bytes it has uncompressed."""
        return sum(map(len, self.parts))

    @property
    def name(self) -> str:
        """What its key ends with."""
        return f"{self.rows:05d}-{self.digest[:16]}"

    def packed(self, *, compress: bool = True) -> bytes:
        """Return the bytes of the pack; uncompressed ones are larger and quicker to read."""
        packed = [_packed(part, numbers) if compress else ("raw", part) for part, numbers in self._kinds()]
        sizes = [[codec, len(part), len(data)] for part, (codec, data) in zip(self.parts, packed, strict=True)]
        head = canonical({"format": FORMAT, "kind": "pack", "sha256": self.digest, "parts": sizes})
        return b"".join([_MAGIC, _LENGTH.pack(len(head)), head, *(data for _, data in packed)])

    def _kinds(self) -> Iterator[tuple[memoryview, bool]]:
        columns = [column for group in self.groups if _apart(len(group.jobs)) for column in group.columns]
        yield self.parts[0], False
        for part, column in zip(self.parts[1:], columns, strict=True):
            yield part, column.kind in _NUMBERS


def unpacked(data: bytes, key: str) -> Pack:
    """Return the pack that was read at `key`; raise `ArchiveDamaged` unless it is whole."""
    try:
        digest, parts = _opened(data)
        replaces, groups = _inside(parts)
        pack = Pack(groups, replaces, digest, parts)
    except _UNREADABLE as error:
        raise ArchiveDamaged(f"the pack {key} can't be read: {error}", key=key) from error
    if not key.endswith(f"/{pack.name}"):
        raise ArchiveDamaged(f"the pack {key} is not what its name says", key=key)
    return pack


def jobs_named_in(data: bytes) -> list[str]:
    """Return the jobs that a damaged pack seems to have had; none where that can't be read."""
    try:
        groups = json.loads(bytes(_part(data, _head(data), 0)))["groups"]
        return [job for group in groups for job in group["jobs"] if type(job) is str]
    except _UNREADABLE:
        return []


def _opened(data: bytes) -> tuple[str, list[memoryview]]:
    head = _head(data)
    if head["kind"] != "pack" or head["format"] > FORMAT:
        raise ValueError("it was written by a newer version; upgrade foundations")
    if sum(size for _, size, _ in head["parts"]) > LARGEST:
        raise ValueError("it is larger than a pack may be")
    if head["starts"][-1] != len(data):
        raise ValueError("it is longer or shorter than it says")
    parts = [_part(data, head, number) for number in range(len(head["parts"]))]
    digest = _digest(parts)
    if digest != head["sha256"]:
        raise ValueError("its digest differs")
    return digest, parts


def _head(data: bytes) -> dict[str, Any]:
    (length,) = _LENGTH.unpack_from(data, len(_MAGIC))
    start = len(_MAGIC) + _LENGTH.size
    if not data.startswith(_MAGIC) or len(data) < start + length:
        raise ValueError("it is no pack, or cut off")
    head: dict[str, Any] = json.loads(data[start : start + length])
    head["starts"] = [start + length]
    for _, _, stored in head["parts"]:
        head["starts"].append(head["starts"][-1] + stored)
    return head


def _inside(parts: Sequence[memoryview]) -> tuple[frozenset[str], list[Group]]:
    inside = json.loads(bytes(parts[0]))
    columns = iter(parts[1:])
    groups = [_group(body, columns) for body in inside["groups"]]
    if next(columns, None) is not None:
        raise ValueError("it has more columns than it says")
    return frozenset(inside["replaces"]), groups


def _described(group: Group) -> dict[str, Any]:
    kinds = [column.kind for column in group.columns]
    body = {"shape": group.shape.lists(), "jobs": group.jobs, "kinds": kinds}
    if not _apart(len(group.jobs)):
        body["columns"] = [column.plain() for column in group.columns]
    return body


def _group(body: dict[str, Any], columns: Iterator[memoryview]) -> Group:
    shape, jobs, kinds = Shape.of_lists(body["shape"]), body["jobs"], body["kinds"]
    if not jobs or not set(kinds) <= set(KINDS) or len(kinds) != shape.width:
        raise ValueError("a group of its rows is none")
    if _apart(len(jobs)):
        made = [_column(kind, len(jobs), next(columns)) for kind in kinds]
    else:
        lists = [kind == "lists" for kind in kinds]
        given = zip(lists, body["columns"], strict=True)
        made = [(Column.of_metric if many else Column.of)(values) for many, values in given]
        if any(column.size != len(jobs) for column in made):
            raise ValueError("a column has not a value for every job")
    group = Group(shape, jobs, made)
    group.check()
    return group


def _column(kind: Any, size: int, data: memoryview) -> Column:
    if kind in _NUMBERS and len(data) != size * WIDTH:
        raise ValueError("a column has not a value for every job")
    return Column(kind, size=size, data=data)


def _apart(rows: int) -> bool:
    """Tell whether the columns of a group have parts of their own; a few values are cheaper in the first part."""
    return rows >= _OWN_PART_FROM


def _digest(parts: Sequence[memoryview]) -> str:
    digest = hashlib.sha256(json.dumps([len(part) for part in parts]).encode())
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _packed(part: memoryview, numbers: bool) -> tuple[str, memoryview | bytes]:
    """Return how a part is stored, and as what."""
    pays = len(part) <= _SAMPLE or len(_compressed(part[:_SAMPLE], numbers)) < _SAMPLE * _WORTH
    if pays:
        data = _compressed(part, numbers)
        if len(data) < len(part) * _WORTH:
            return "shuffled" if numbers else "zlib", data
    return "raw", part


def _compressed(part: memoryview, numbers: bool) -> bytes:
    # the first bytes of numbers are alike, and so are the last ones: side by side they compress
    if not numbers:
        return zlib.compress(part, 1)
    data = bytes(part)
    return zlib.compress(b"".join(data[place::WIDTH] for place in range(WIDTH)), 1)


def _part(data: bytes, head: dict[str, Any], number: int) -> memoryview:
    codec, size, _ = head["parts"][number]
    start, end = head["starts"][number : number + 2]
    stored = memoryview(data)[start:end]
    if len(stored) != end - start:
        raise ValueError("it is cut off")
    if codec == "raw":
        if len(stored) != size:
            raise ValueError("a part of it has another size than it says")
        return stored
    plain = _inflated(stored, size)
    if codec == "zlib":
        return memoryview(plain)
    if codec != "shuffled":
        raise ValueError(f"it is compressed in a way that this version does not know, {codec!r}")
    numbers = bytearray(size)
    for place in range(WIDTH):
        numbers[place::WIDTH] = plain[place * (size // WIDTH) : (place + 1) * (size // WIDTH)]
    return memoryview(numbers)


def _inflated(stored: memoryview, size: int) -> bytes:
    # bounded: a small object must not unpack to more than a reader can hold
    decompressor = zlib.decompressobj()
    plain = decompressor.decompress(stored, min(size + 1, LARGEST))
    if len(plain) != size or not decompressor.eof:
        raise ValueError("a part of it has another size than it says")
    return plain
