"""How the content of a blob is stored: as it is, or compressed where that pays."""

import zlib
from collections.abc import Iterator

CHUNK = 16 * 1024 * 1024

# what stands before the content: a magic number and the codec
RAW, ZLIB = b"FB1\x00", b"FB1\x01"
ROOM = len(RAW)

# what is at least halved is compressed at 100 MB/s and more, what is not, as an array of measured numbers, at 40
# (benchmarks/results/compression.txt); `pace.py` says where that is quick enough
_PAYS = 2.0
_FROM = 64 * 1024
_SAMPLES = 4
_SAMPLE = range(2048, 8193)
_PIECE = 1024 * 1024


def compressed(content: memoryview) -> bytearray | None:
    """Return what to store instead of a chunk of a value, head included, or None where it shall be stored as it is."""
    if not _FROM <= len(content) <= CHUNK or not _promises(content):
        return None
    stored, compressor = bytearray(ZLIB), zlib.compressobj(1)
    for start in range(0, len(content), _PIECE):
        stored += compressor.compress(content[start : start + _PIECE])
    stored += compressor.flush()
    return stored if len(stored) * _PAYS <= len(content) else None


def content_of(stored: bytes) -> memoryview | bytes | None:
    """Return the content of what is stored as a blob, or None where that can't be told."""
    view = memoryview(stored)
    if view[:ROOM] == RAW:
        return view[ROOM:]
    if view[:ROOM] != ZLIB:
        return None
    expanding = Expanding(CHUNK)
    try:
        content = b"".join(expanding.pieces(view[ROOM:]))
    except zlib.error:
        return None
    return content if expanding.complete else None


class Expanding:
    """Compressed content that comes in pieces, of which no more than `most` bytes are made."""

    def __init__(self, most: int) -> None:
        self._left, self._decompressor = most, zlib.decompressobj()

    @property
    def complete(self) -> bool:
        """Tell whether all has come, and nothing behind it."""
        return self._decompressor.eof and not self._decompressor.unused_data

    def pieces(self, compressed: memoryview) -> Iterator[bytes]:
        """Yield what a piece expands to; raise `zlib.error` where it is not what was written, or is too much."""
        rest: memoryview | bytes = compressed
        while not self._decompressor.eof:
            room = min(_PIECE, self._left + 1)
            made = self._decompressor.decompress(rest, room)
            self._left -= len(made)
            if self._left < 0:
                raise zlib.error("it expands to more than was announced")
            yield made
            rest = self._decompressor.unconsumed_tail
            if not rest and len(made) < room:  # else more may be on its way out though all has gone in
                return


def _promises(content: memoryview) -> bool:
    """Tell by samples from a few places whether it pays to compress all of it: what does not costs hardly anything."""
    size = min(max(len(content) // 128, _SAMPLE[0]), _SAMPLE[-1])
    step = (len(content) - size) // (_SAMPLES - 1)
    made = sum(len(zlib.compress(content[place * step : place * step + size], 1)) for place in range(_SAMPLES))
    return made * _PAYS <= _SAMPLES * size
