"""What is compressed is what that halves, and all of it comes back; what it costs where it does not pay is little."""

import hashlib
import os
import random
import zlib
from array import array
from contextlib import suppress
from pathlib import Path

import pytest

from foundations_archive import DirectoryStore, layout
from foundations_archive.archive import open_archive
from foundations_archive.blobs import CHUNK, ROOM, Blobs
from foundations_archive.codecs import RAW, ZLIB, Expanding, compressed, content_of
from foundations_archive.errors import ArchiveDamaged
from foundations_archive.pace import Pace
from foundations_archive.records import CacheEntry, Value
from foundations_archive.upkeep.check import check
from tests.archive.archives import CACHE_KEY, found

INTEGERS = array("q", random.Random(0).choices(range(1000), k=200_000)).tobytes()
TEXT = " ".join(random.Random(1).choices(["loss", "accuracy", "epoch", "validation", "batch"], k=100_000)).encode()


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path)


@pytest.fixture
def blobs(store: DirectoryStore) -> Blobs:
    return Blobs(store, pace=slow())


def slow() -> Pace:
    pace = Pace()
    pace.passed(50_000_000, 1.0)
    return pace


def stored(store: DirectoryStore, data: bytes) -> bytes:
    return store.get(layout.blob(hashlib.sha256(data).hexdigest()))


def put(blobs: Blobs, data: bytes) -> str:
    """Put as a courier does with what comes from a worker."""
    return blobs.put_in_place(bytearray(ROOM) + data)


@pytest.mark.parametrize(
    "data", [INTEGERS, TEXT, bytes(CHUNK), bytes(64 * 1024)], ids=["ints", "text", "zeros", "small"]
)
def test_what_halves_is_compressed_under_the_name_of_its_content(
    blobs: Blobs, store: DirectoryStore, data: bytes
) -> None:
    digest = put(blobs, data)
    assert digest == hashlib.sha256(data).hexdigest()
    assert len(stored(store, data)) <= len(data) / 2
    assert blobs.get(digest) == data


@pytest.mark.parametrize("data", [os.urandom(1 << 20), b"x" * 1000, bytes(64 * 1024 - 1), b""])
def test_what_does_not_and_what_is_small_is_stored_as_it_is(blobs: Blobs, store: DirectoryStore, data: bytes) -> None:
    put(blobs, data)
    assert stored(store, data) == RAW + data


def test_what_begins_well_and_goes_on_badly_is_stored_as_it_is(blobs: Blobs, store: DirectoryStore) -> None:
    data = bytes(1 << 20) + os.urandom(3 << 20)
    put(blobs, data)
    assert stored(store, data) == RAW + data


def test_what_samples_promise_and_the_rest_does_not_keep_is_stored_as_it_is() -> None:
    data, size = bytearray(os.urandom(1 << 20)), 8192
    step = (len(data) - size) // 3
    for place in range(4):
        data[place * step : place * step + size] = bytes(size)
    assert compressed(memoryview(data)) is None


def test_bundles_are_stored_as_they_are(blobs: Blobs, store: DirectoryStore) -> None:
    blobs.put(INTEGERS)
    assert stored(store, INTEGERS) == RAW + INTEGERS


def test_what_is_compressed_already_is_not_written_again_by_whoever_is_not_slow(store: DirectoryStore) -> None:
    path = Path(store.location, layout.blob(put(Blobs(store, pace=slow()), INTEGERS)))
    before = path.stat().st_ino
    put(Blobs(store, pace=Pace()), INTEGERS)
    assert path.stat().st_ino == before


def test_a_directory_is_never_slow(store: DirectoryStore) -> None:
    put(Blobs(store), INTEGERS)
    assert stored(store, INTEGERS) == RAW + INTEGERS


@pytest.mark.parametrize(
    ("size", "seconds", "is_slow"), [(50e6, 1.0, True), (200e6, 1.0, False), (1e6, 1.0, False), (3e9, 60.0, True)]
)
def test_a_store_is_slow_when_enough_has_gone_through_to_say_so(size: float, seconds: float, is_slow: bool) -> None:
    pace = Pace()
    assert not pace.slow
    pace.passed(int(size), seconds)
    assert pace.slow == is_slow


def test_a_store_that_gets_quicker_is_no_longer_slow() -> None:
    pace = slow()
    for _ in range(20):
        pace.passed(100_000_000, 0.1)
    assert not pace.slow


def test_the_time_of_puts_at_once_counts_once_and_only_what_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("foundations_archive.pace.time.monotonic", lambda: now)
    pace, size = Pace(), 40_000_000
    with pace.passing(size), pace.passing(size):
        now = 1.0  # together 80 MB/s
    assert not pace.slow
    with suppress(OSError), pace.passing(size):
        now = 2.0
        raise OSError("cut off")
    assert pace.slow  # 80 MB in two seconds
    with pace.passing(1000):
        now = 100.0
    pace.passed(600_000_000, 1.0)
    assert not pace.slow  # what is small says nothing


@pytest.mark.parametrize("compress", [True, False])
def test_equal_values_are_written_once(blobs: Blobs, store: DirectoryStore, compress: bool) -> None:
    path = Path(store.location, layout.blob(blobs.put(INTEGERS, compress=compress)))
    before = path.stat().st_ino
    put(blobs, INTEGERS)
    assert path.stat().st_ino == before


@pytest.mark.parametrize("size", [CHUNK, CHUNK + 1, 2 * CHUNK + 70_000])
def test_a_compressed_buffer_is_read_in_parallel_and_whole(blobs: Blobs, size: int) -> None:
    data = (INTEGERS * (size // len(INTEGERS) + 1))[:size]
    buffer = blobs.put_buffer((data[start : start + CHUNK] for start in range(0, size, CHUNK)), compress=True)
    assert buffer.size == size
    assert blobs.read(buffer) == data
    assert b"".join(blobs.get_buffer(buffer)) == data


@pytest.mark.parametrize("number", range(40))
def test_any_size_comes_back(number: int) -> None:
    size = random.Random(number).randrange(64 * 1024, 3 << 20)
    data = bytes(size) if number % 2 else (TEXT * 8)[:size]
    packed = compressed(memoryview(data))
    assert packed is not None
    assert content_of(bytes(packed)) == data
    expanding, cut = Expanding(size), random.Random(number).randrange(1, 1000)
    view = memoryview(packed)[ROOM:]
    pieces = [view[start : start + cut] for start in range(0, len(view), cut)]
    assert b"".join(made for piece in pieces for made in expanding.pieces(piece)) == data
    assert expanding.complete


def harmed(whole: bytes) -> list[bytes]:
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    bomb = ZLIB + zlib.compress(bytes(4 * CHUNK))
    other = ZLIB + zlib.compress(b"another value" * 10_000)
    return [
        whole[:-1],
        whole[: len(whole) // 2],
        whole + b"x",
        bytes(flipped),
        bomb,
        other,
        ZLIB,
        b"FB1\x02" + whole[4:],
    ]


def test_a_compressed_blob_that_was_altered_is_damaged_and_healed(blobs: Blobs, store: DirectoryStore) -> None:
    buffer = blobs.put_buffer([INTEGERS], compress=True)
    key = layout.blob(buffer.chunks[0])
    whole = store.get(key)
    for data in harmed(whole):
        store.put(key, data)
        for read in (lambda: blobs.get(buffer.chunks[0]), lambda: blobs.read(buffer)):
            with pytest.raises(ArchiveDamaged):
                read()
        put(blobs, INTEGERS)
        assert store.get(key) == whole


@pytest.mark.parametrize("deep", [False, True])
def test_a_check_knows_compressed_values(tmp_path: Path, deep: bool) -> None:
    archive = open_archive(str(tmp_path / "archive"))
    archive.check()
    blobs = Blobs(archive.store, pace=slow())
    buffer = blobs.put_buffer([INTEGERS, os.urandom(100_000), TEXT], compress=True)
    archive.keep(CACHE_KEY, CacheEntry(Value("pickle5", (buffer,)), "job", "1", 1.0))
    key = layout.blob(buffer.chunks[0])
    whole = archive.store.get(key)
    assert whole.startswith(ZLIB)
    assert found(check(archive, deep=deep)) == {}
    archive.store.put(key, whole[:-1])
    assert found(check(archive, deep=deep)) == {layout.cached(CACHE_KEY): "warning"}
