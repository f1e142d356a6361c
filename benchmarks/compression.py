"""What compressing values costs and saves: bytes, and the time to write and to read them at the speed of a store.

    python benchmarks/compression.py [--mib 64] [--rounds 3] [--without-s3] [--output FILE | --write]

Values as the archive's blobs get them, in chunks of 16 MiB, several at once. *Plain* is as they are, *with* what the
rule of `archive/foundations_archive/codecs.py` compresses, as if the store were known to be slow; in turns, the least
of the rounds counts. The first stores are lines of a speed that all share, into memory, so that nothing but the speed
differs; then a directory, which syncs, and a real S3 server that shares the machine's processors. *Bytes* is how many
times fewer are stored; the ratios of times are *with* to *plain* in the same run: below 1 is quicker. The last table is
what codecs do on one core; zstandard is there where it is installed.
"""

import argparse
import os
import pickle
import random
import sys
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY))

# E402: what is imported from there can only be behind that line
from benchmarks.stages import facts  # noqa: E402
from benchmarks.submit import s3_server  # noqa: E402
from foundations_archive.archive import open_archive  # noqa: E402
from foundations_archive.blobs import CHUNK, Blobs  # noqa: E402
from foundations_archive.pace import Pace  # noqa: E402
from foundations_archive.store import Entry  # noqa: E402

RESULT = Path(__file__).parent / "results" / "compression.txt"
MIB = 1024 * 1024


class Line:
    """A store in memory behind a line of so many MB a second, which all who use it share."""

    location = "memory"

    def __init__(self, megabytes: float) -> None:
        self._speed, self._values = megabytes * 1e6, dict[str, bytes]()
        self._lock, self._free = threading.Lock(), 0.0

    @property
    def stored(self) -> int:
        """How many bytes lie here."""
        return sum(map(len, self._values.values()))

    def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        """Keep a value when it has come through."""
        self._pass(len(data))
        self._values[key] = bytes(data)

    def get(self, key: str) -> bytes:
        """Return a value when it has come through."""
        self._pass(len(self._values[key]))
        return self._values[key]

    def head(self, key: str) -> Entry | None:
        """Return what there is under a key, at once."""
        return Entry(key, len(self._values[key]), 0.0) if key in self._values else None

    def _pass(self, size: int) -> None:
        with self._lock:
            now = time.perf_counter()
            self._free = max(now, self._free) + size / self._speed
            wait = self._free - now
        time.sleep(wait)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mib", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-s3", action="store_true")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--write", action="store_const", dest="output", const=RESULT)
    options = parser.parse_args()
    values = {name: make(options.mib) for name, make in VALUES.items()}
    lines = [facts(options.rounds)]
    with stores(s3=not options.without_s3) as places:
        for place, store in places.items():
            lines += table(place, store, values, options.rounds)
    lines += codecs(values)
    text = "\n".join(lines)
    print(text)
    if options.output:
        options.output.write_text(text + "\n")


@contextmanager
def stores(*, s3: bool) -> Iterator[dict[str, Callable[[], Any]]]:
    """Give what makes a new store of each kind."""
    with tempfile.TemporaryDirectory() as directory:
        names = iter(range(10**6))
        places: dict[str, Callable[[], Any]] = {f"{speed} MB/s": lambda speed=speed: Line(speed) for speed in (50, 200)}
        places["directory"] = lambda: open_archive(f"{directory}/{next(names)}").store
        if not s3:
            yield places
            return
        with s3_server() as variables:
            os.environ.update(variables)
            places["S3"] = lambda: open_archive(f"s3://bench/{next(names)}").store
            yield places


def table(place: str, store: Callable[[], Any], values: dict[str, bytes], rounds: int) -> Iterator[str]:
    heads = f"{'write: plain':>13}{'with':>9}{'ratio':>8}{'read: plain':>13}{'with':>9}{'ratio':>8}"
    yield f"\n{place:34}{'MB':>6}{'bytes':>8}{heads}"
    for name, value in values.items():
        found: dict[bool, list[tuple[float, float, int]]] = {False: [], True: []}
        for number in range(rounds):
            for compress in (False, True) if number % 2 else (True, False):
                found[compress].append(sample(store(), value, compress=compress))
        plain, smaller = ([min(column) for column in zip(*found[kind], strict=True)] for kind in (False, True))
        cells = "".join(f"{a:13.3f}{b:9.3f}{b / a:8.2f}" for a, b in zip(plain[:2], smaller[:2], strict=True))
        yield f"{name:34}{len(value) / 1e6:6.0f}{plain[2] / smaller[2]:8.2f}{cells}"


def sample(store: Any, value: bytes, *, compress: bool) -> tuple[float, float, int]:
    """Return the seconds to write and to read a value, and what it takes up."""
    pace, view = Pace(), memoryview(value)
    pace.passed(10**8, 10.0)
    blobs = Blobs(store, pace=pace)
    began = time.perf_counter()
    buffer = blobs.put_buffer((view[at : at + CHUNK] for at in range(0, len(view), CHUNK)), compress=compress)
    written = time.perf_counter()
    assert blobs.read(buffer) == value
    read = time.perf_counter() - written
    stored = store.stored if isinstance(store, Line) else sum(entry.size for entry in store.list("blobs/"))
    for entry in () if isinstance(store, Line) else list(store.list("blobs/")):
        store.delete(entry.key)
    return written - began, read, stored


def codecs(values: dict[str, bytes]) -> Iterator[str]:
    """Yield what codecs do with the first 8 MiB of each value, on one core."""
    ways: dict[str, Callable[[bytes], bytes]] = {
        "zlib 1": lambda data: zlib.compress(data, 1),
        "bytes shuffled by 4, zlib 1": lambda data: zlib.compress(b"".join(data[at::4] for at in range(4)), 1),
        "bytes shuffled by 8, zlib 1": lambda data: zlib.compress(b"".join(data[at::8] for at in range(8)), 1),
    }
    try:
        import zstandard
    except ImportError:
        pass
    else:
        ways["zstandard 1"] = zstandard.ZstdCompressor(level=1).compress
    yield f"\n{'MB/s, times smaller':34}" + "".join(f"{way:>30}" for way in ways)
    for name, value in values.items():
        data = value[: 8 * MIB]
        cells = []
        for way in ways.values():
            began = time.thread_time()
            made = len(way(data))
            cells.append(f"{len(data) / 1e6 / (time.thread_time() - began):22.0f}{len(data) / made:8.2f}")
        yield f"{name:34}{''.join(cells)}"


def random_floats(mib: int) -> bytes:
    import numpy

    return bytes(numpy.random.default_rng(0).random(mib * MIB // 8).tobytes())


def small_ints(mib: int) -> bytes:
    import numpy

    return bytes(numpy.random.default_rng(0).integers(0, 1000, mib * MIB // 8).tobytes())


def smooth_floats(mib: int) -> bytes:
    import numpy

    return bytes(numpy.sin(numpy.linspace(0, 2000, mib * MIB // 4, dtype=numpy.float32)).tobytes())


def dicts(mib: int) -> bytes:
    del mib
    names = [f"user {number}" for number in range(997)]
    rows = [
        {"id": at, "name": names[at % 997], "score": at * 0.37, "tags": ["a", str(at % 13)]} for at in range(200_000)
    ]
    return pickle.dumps(rows, 5)


def text(mib: int) -> bytes:
    words = (REPOSITORY / "docs" / "archive-format.md").read_text().split()
    return " ".join(random.Random(1).choices(words, k=mib * MIB // 6)).encode()[: mib * MIB]


VALUES: dict[str, Callable[[int], bytes]] = {
    "random float64": random_floats,
    "integers below 1000, int64": small_ints,
    "a sine, float32": smooth_floats,
    "200,000 dicts, pickled": dicts,
    "words of a text": text,
}


if __name__ == "__main__":
    main()
