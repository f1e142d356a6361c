"""Bytes named by their content."""

import hashlib
from collections.abc import Iterator

import pytest

from foundations_archive import ArchiveDamaged, DirectoryStore, NotArchived, Store
from foundations_archive.blobs import CHUNK, Blobs
from foundations_archive.records import Buffer


class Counting:
    """A store that counts what is written to it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.written: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def put(self, key: str, data: bytes) -> None:
        self.written.append(key)
        self.store.put(key, data)


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


def test_a_blob_that_is_there_is_not_written_again(store: Store) -> None:
    counting = Counting(store)
    blobs = Blobs(counting)  # type: ignore[arg-type]
    for data in (b"one", b"two", b"one", b"", b""):
        blobs.put(data)
    assert counting.written == [key_of(b"one"), key_of(b"two"), key_of(b"")]


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


def test_chunks_are_written_as_they_come(directory_blobs: Blobs) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"one"
        assert directory_blobs.get(hashlib.sha256(b"one").hexdigest()) == b"one"
        yield b""
        yield b"two"

    buffer = directory_blobs.put_buffer(chunks())
    assert directory_blobs.read(buffer) == b"onetwo"


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
