"""Read the progress that BuildKit reports while it builds.

The messages are protocol buffers: StatusResponse in moby/buildkit, api/services/control/control.proto. The
few fields that matter are read here by their numbers, so that no protobuf package is needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


@dataclass(frozen=True)
class Vertex:
    """One step of a build as far as it has come."""

    digest: str
    name: str
    cached: bool
    error: str


@dataclass(frozen=True)
class Log:
    """A piece of what a step wrote; it may end within a line."""

    vertex: str
    message: bytes


@dataclass(frozen=True)
class Status:
    """What one message of the trace reports."""

    vertexes: tuple[Vertex, ...]
    logs: tuple[Log, ...]


def read_status(data: bytes) -> Status:
    """Return what a StatusResponse says; raise ValueError when `data` is not one."""
    vertexes, logs = [], []
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes):
            vertexes.append(_vertex(value))
        elif number == 3 and isinstance(value, bytes):
            logs.append(_log(value))
    return Status(tuple(vertexes), tuple(logs))


def _vertex(data: bytes) -> Vertex:
    fields = dict(_fields(data))
    return Vertex(_text(fields.get(1)), _text(fields.get(3)), bool(fields.get(4)), _text(fields.get(7)))


def _log(data: bytes) -> Log:
    fields = dict(_fields(data))
    message = fields.get(4)
    return Log(_text(fields.get(1)), message if isinstance(message, bytes) else b"")


def _text(value: int | bytes | None) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the number and the value of each field; of a repeated one, each occurrence."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            size, at = _varint(data, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"field {key >> 3} of BuildKit's trace has an unknown wire type {kind}")
        if at + size > len(data):
            raise ValueError("BuildKit's trace ends within a field")
        yield key >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    raise ValueError("BuildKit's trace ends within a number")
