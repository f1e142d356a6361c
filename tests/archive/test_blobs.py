"""Bytes named by their content."""

import hashlib
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from foundations_archive import ArchiveDamaged, DirectoryStore, NotArchived, Store
from foundations_archive import blobs as blobs_module
from foundations_archive.blobs import CHUNK, GRACE_SECONDS, ROOM, Blobs
from foundations_archive.errors import ArchiveUnreachable
from foundations_archive.parallel import MOST_BYTES
from foundations_archive.records import Buffer
from foundations_archive.store import Entry


class Counting:
    """A store that counts what is written to it, and whose blobs are as old as one likes."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.written: list[str] = []
        self.age = 0.0
        self.fails_after: int | None = None
        self.lock = threading.Lock()

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def put(self, key: str, data: bytes) -> None:
        with self.lock:
            if self.fails_after is not None and len(self.written) >= self.fails_after:
                raise ArchiveUnreachable("the archive is away", key=key)
            self.written.append(key)
        self.store.put(key, data)

    def head(self, key: str) -> Entry | None:
        found = self.store.head(key)
        return replace(found, age=found.age + self.age) if found else None


@pytest.fixture
def blobs(store: Store) -> Blobs:
    return Blobs(store)


def key_of(data: bytes) -> str:
    digest = hashlib.sha256(data).hexdigest()
    return f"blobs/{digest[:2]}/{digest}"


def test_a_blob_comes_back_under_its_digest(blobs: Blobs) -> None:
    for data in (b"", b"x", b"FB1\x00", bytes(range(256)) * 1000):
        digest = blobs.put(data)
        assert digest == hashlib.sha256(data).hexdigest()
        assert blobs.get(digest) == data


def test_every_kind_of_bytes_is_the_same_blob(directory_blobs: Blobs) -> None:
    put = directory_blobs.put
    assert put(b"data") == put(bytearray(b"data")) == put(memoryview(b"data"))


@pytest.fixture
def counting(store: Store) -> Counting:
    return Counting(store)


def test_a_blob_that_is_there_is_not_written_again(counting: Counting) -> None:
    blobs = Blobs(counting)  # type: ignore[arg-type]
    one, two = bytes(100_000), bytes(100_001)
    for data in (one, two, one, memoryview(two)):
        blobs.put(data)
    assert counting.written == [key_of(one), key_of(two)]


def test_a_small_blob_costs_one_request_and_no_look(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if isinstance(store, DirectoryStore):
        pytest.skip("a look at a directory is quicker than a write")
    monkeypatch.setattr(store, "head", None)
    assert Blobs(store).get(Blobs(store).put(b"small")) == b"small"


def test_a_directory_is_looked_at_before_anything_is_written(tmp_path: Path) -> None:
    blobs, file = Blobs(DirectoryStore(tmp_path)), tmp_path / key_of(b"small")
    blobs.put(b"small")
    before = file.stat().st_ino
    blobs.put(b"small")
    assert file.stat().st_ino == before


def test_a_blob_with_room_before_it_is_the_same_without_a_copy(blobs: Blobs) -> None:
    for data in (b"", b"small", os.urandom(200_000)):
        assert blobs.put_in_place(bytearray(ROOM) + data) == blobs.put(data)
        assert blobs.get(hashlib.sha256(data).hexdigest()) == data


def test_a_blob_that_the_collector_may_take_soon_is_written_anew(counting: Counting) -> None:
    blobs, data = Blobs(counting), bytes(100_000)  # type: ignore[arg-type]
    blobs.put(data)
    counting.age = GRACE_SECONDS / 2 - 60
    blobs.put(data)
    assert len(counting.written) == 1
    counting.age = GRACE_SECONDS / 2 + 60
    blobs.put(data)
    assert len(counting.written) == 2


def test_a_blob_that_is_not_there_is_not_archived(blobs: Blobs) -> None:
    with pytest.raises(NotArchived) as raised:
        blobs.get("0" * 64)
    assert raised.value.key == f"blobs/00/{'0' * 64}"


DAMAGES = [b"", b"FB1\x00", b"FB1\x00DATA", b"FB1\x00dat", b"data", b"FB2\x00data", b"FB1\x01data"]


def test_a_damaged_blob_names_its_key_and_the_archive(store: Store, blobs: Blobs) -> None:
    digest = blobs.put(b"data")
    for damage in DAMAGES:
        store.put(key_of(b"data"), damage)
        with pytest.raises(ArchiveDamaged) as raised:
            blobs.get(digest)
        assert raised.value.key == key_of(b"data")
        assert str(raised.value) == f"the blob {key_of(b'data')} in {store.location} is damaged"


def test_a_blob_that_was_found_damaged_is_healed_by_the_next_put(store: Store, blobs: Blobs) -> None:
    digest = blobs.put(b"data")
    for damage in DAMAGES:
        store.put(key_of(b"data"), damage)
        with pytest.raises(ArchiveDamaged):
            blobs.get(digest)
        blobs.put(b"data")
        assert blobs.get(digest) == b"data"


def test_a_blob_of_another_size_is_healed_without_having_been_read(store: Store, blobs: Blobs) -> None:
    digest = blobs.put(b"data")
    store.put(key_of(b"data"), b"FB1\x00da")
    blobs.put(b"data")
    assert blobs.get(digest) == b"data"


@pytest.fixture
def directory_blobs(tmp_path_factory: pytest.TempPathFactory) -> Blobs:
    return Blobs(DirectoryStore(tmp_path_factory.mktemp("blobs")))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5])
def test_a_buffer_is_cut_into_chunks_and_comes_back_whole(directory_blobs: Blobs, size: int) -> None:
    data = bytes(size)
    buffer = directory_blobs.put_bytes(data)
    assert buffer.size == size
    assert len(buffer.chunks) == -(-size // CHUNK)
    assert directory_blobs.read(buffer) == data
    assert sum(map(len, directory_blobs.get_buffer(buffer))) == size


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> int:
    """Chunks of 100,000 bytes: large enough to be looked for before they are written, and quick."""
    monkeypatch.setattr(blobs_module, "CHUNK", 100_000)
    return 100_000


def test_an_upload_that_was_cut_off_goes_on_where_it_was(counting: Counting, small_chunks: int) -> None:
    data = os.urandom(11 * small_chunks)
    counting.fails_after = 6
    with pytest.raises(ArchiveUnreachable, match="away"):
        Blobs(counting).put_bytes(data)  # type: ignore[arg-type]
    counting.fails_after = None
    buffer = Blobs(counting).put_bytes(data)  # type: ignore[arg-type]
    assert sorted(counting.written) == sorted(f"blobs/{chunk[:2]}/{chunk}" for chunk in buffer.chunks)
    assert Blobs(counting.store).read(buffer) == data


def test_a_value_of_many_chunks_comes_back_in_order(store: Store, blobs: Blobs, small_chunks: int) -> None:
    data = os.urandom(25 * small_chunks + 1)
    buffer = blobs.put_bytes(data)
    assert [len(chunk) for chunk in blobs.get_buffer(buffer)] == [small_chunks] * 25 + [1]
    assert b"".join(blobs.get_buffer(buffer)) == data
    assert blobs.read(buffer) == data


def test_no_more_chunks_are_held_than_are_on_their_way(directory_blobs: Blobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_blobs, "put", lambda chunk: held.remove(chunk[0]) or str(chunk[0]))
    held: list[int] = []
    most = 0

    def chunks() -> Iterator[bytes]:
        nonlocal most
        for number in range(40):
            held.append(number)
            most = max(most, len(held))
            yield bytes([number]) * CHUNK

    assert directory_blobs.put_buffer(chunks()).chunks == tuple(map(str, range(40)))
    assert most <= MOST_BYTES // CHUNK + 1


@pytest.mark.parametrize("number", [0, 3, 5])
@pytest.mark.parametrize("harm", ["flip", "cut", "more", "delete"])
def test_damage_to_any_chunk_is_found_before_anything_is_returned(
    store: Store, blobs: Blobs, small_chunks: int, number: int, harm: str
) -> None:
    buffer = blobs.put_bytes(os.urandom(5 * small_chunks + 9))
    key = f"blobs/{buffer.chunks[number][:2]}/{buffer.chunks[number]}"
    data = bytearray(store.get(key))
    data[-1] ^= 1
    if harm == "delete":
        store.delete(key)
        with pytest.raises(NotArchived):
            blobs.read(buffer)
        return
    store.put(key, {"flip": data, "cut": data[:-1], "more": data + b"x"}[harm])
    with pytest.raises(ArchiveDamaged) as raised:
        blobs.read(buffer)
    assert raised.value.key == key


def test_chunks_of_other_sizes_come_back_too(directory_blobs: Blobs, small_chunks: int) -> None:
    odd = [os.urandom(size) for size in (small_chunks // 2, small_chunks, 0, small_chunks // 2)]
    buffer = directory_blobs.put_buffer(odd)
    assert directory_blobs.read(buffer) == b"".join(odd)
    swapped = directory_blobs.put_buffer([odd[0], odd[1]])
    assert directory_blobs.read(swapped) == odd[0] + odd[1]


def test_a_buffer_without_chunks_is_empty(directory_blobs: Blobs) -> None:
    assert directory_blobs.read(directory_blobs.put_buffer([])) == b""


def test_a_buffer_that_lacks_a_chunk_is_damaged_or_not_archived(store: Store, blobs: Blobs) -> None:
    one, two = blobs.put(b"one"), blobs.put(b"two")
    for chunks in ((one,), (one, two, two), ()):
        with pytest.raises(ArchiveDamaged, match="bytes instead of 6"):
            blobs.read(Buffer(6, chunks))
    store.delete(key_of(b"two"))
    with pytest.raises(NotArchived):
        blobs.read(Buffer(6, (one, two)))


def test_what_was_read_can_be_changed(directory_blobs: Blobs) -> None:
    data = directory_blobs.read(directory_blobs.put_bytes(b"data"))
    data[0] = 0
    assert data == b"\0ata"
