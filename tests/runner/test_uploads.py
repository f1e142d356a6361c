"""What goes into the archive beside the conversation arrives before it is named, in order, and never fails unheard."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from foundations_archive.blobs import ROOM, Blobs
from foundations_archive.errors import ArchiveUnreachable
from foundations_archive.local import DirectoryStore
from foundations_runner import uploads as uploads_module
from foundations_runner.uploads import Uploads
from tests.runner.conftest import until


class Slow(DirectoryStore):
    """A directory whose writes wait for `gate`, and fail while `away`."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.gate = threading.Event()
        self.away = False
        self.under_way = 0

    def put(self, key: str, data: Any) -> None:
        self.under_way += 1
        assert self.gate.wait(20)
        if self.away:
            raise ArchiveUnreachable("the archive is away", key=key)
        super().put(key, data)


def put(uploads: Uploads, store: Slow, data: bytes) -> Future[str]:
    return uploads.put([Blobs(store)], bytearray(ROOM) + data)


@pytest.fixture
def store(tmp_path: Path) -> Slow:
    return Slow(tmp_path)


@pytest.fixture
def uploads(store: Slow) -> Iterator[Uploads]:
    uploads = Uploads()
    yield uploads
    store.gate.set()
    if uploads._failure is None:
        uploads.finish()


def test_without_anything_under_way_an_action_is_done_at_once(uploads: Uploads) -> None:
    done: list[int] = []
    uploads.then(lambda: done.append(threading.get_ident()))
    assert done == [threading.get_ident()]


def test_actions_come_in_order_and_after_what_they_need(store: Slow, uploads: Uploads) -> None:
    done: list[str] = []
    digest = put(uploads, store, b"value")
    uploads.then(lambda: done.append(digest.result()), after=[digest])
    uploads.then(lambda: done.append("later"))
    assert done == []
    store.gate.set()
    until(lambda: len(done) == 2)
    assert done[1] == "later"
    assert Blobs(store).get(done[0]) == b"value"


def test_puts_are_under_way_together(store: Slow, uploads: Uploads) -> None:
    for number in range(5):
        put(uploads, store, bytes([number]))
    until(lambda: store.under_way == 5)


def test_no_more_is_held_than_was_allowed(store: Slow, uploads: Uploads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_module, "MOST_BYTES", 1000)
    taken: list[int] = []

    def give() -> None:
        for number in range(5):
            put(uploads, store, bytes([number]) * 400)
            taken.append(number)

    thread = threading.Thread(target=give)
    thread.start()
    until(lambda: len(taken) == 2)
    thread.join(0.2)
    assert taken == [0, 1]
    store.gate.set()
    thread.join(20)
    assert taken == [0, 1, 2, 3, 4]


def test_what_is_larger_than_all_that_is_allowed_goes_alone(
    store: Slow, uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_module, "MOST_BYTES", 10)
    store.gate.set()
    assert Blobs(store).get(put(uploads, store, bytes(100)).result()) == bytes(100)


def test_a_failure_is_heard_of_and_nothing_that_needs_it_or_follows_is_done(store: Slow, uploads: Uploads) -> None:
    done: list[str] = []
    store.away = True
    digest = put(uploads, store, b"value")
    uploads.then(lambda: done.append("needs it"), after=[digest])
    uploads.then(lambda: done.append("follows"))
    store.gate.set()
    with pytest.raises(ArchiveUnreachable, match="away"):
        uploads.finish()
    with pytest.raises(ArchiveUnreachable, match="away"):
        uploads.then(lambda: done.append("later"))
    with pytest.raises(ArchiveUnreachable, match="away"):
        put(uploads, store, b"another")
    assert done == []


def test_finishing_waits_for_what_actions_begin(store: Slow, uploads: Uploads) -> None:
    done: list[str] = []
    digest = put(uploads, store, b"value")
    uploads.then(lambda: uploads.begin(lambda: done.append("kept")) and None, after=[digest])
    store.gate.set()
    uploads.finish()
    assert done == ["kept"]
