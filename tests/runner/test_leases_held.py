"""The courier's leases: renewed while a stage runs, released when its entry is there, and never in a job's way."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import DirectoryStore, layout
from foundations_archive.archive import Archive
from foundations_archive.envelope import unseal
from foundations_archive.errors import ArchiveUnreachable
from foundations_archive.leases import NEVER, Leases
from foundations_runner.leases_held import LeasesHeld
from tests.runner.conftest import until

KEY = "cd" * 32
COMPUTE = {"then": "compute"}
LONG, SHORT = 3600.0, 0.4


class Unreliable(DirectoryStore):
    """A directory that may be away for all leases, and counts what is written of them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.is_away = False
        self.written: list[dict[str, Any]] = []
        self.before_put: Callable[[], None] = lambda: None

    def _refuse(self, key: str) -> None:
        if self.is_away and key.startswith(layout.LEASES):
            raise ArchiveUnreachable(f"the archive is away, and {key} with it", key=key)

    def get(self, key: str) -> bytes:
        self._refuse(key)
        return super().get(key)

    def create(self, key: str, data: bytes | bytearray | memoryview) -> bool:
        self._refuse(key)
        return super().create(key, data)

    def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        self._refuse(key)
        if key.startswith(layout.LEASES):
            self.before_put()
            self.written.append(unseal("lease", bytes(data), key))
        super().put(key, data)


@pytest.fixture
def store(tmp_path: Path) -> Unreliable:
    store = Unreliable(tmp_path / "archive")
    Archive(store).check()
    return store


@pytest.fixture
def job(store: Unreliable) -> Iterator[Callable[..., LeasesHeld]]:
    """Make the leases of a job on the store."""
    made: list[LeasesHeld] = []

    def one(name: str, *, seconds: float = LONG) -> LeasesHeld:
        made.append(LeasesHeld(Archive(store), name, seconds=seconds))
        return made[-1]

    yield one
    for held in made:
        held.close()


Job = Callable[..., LeasesHeld]


def end(held: LeasesHeld, stage: str) -> None:
    release = held.ended(stage)
    assert release
    release()


def test_another_job_waits_and_looks_when_the_first_one_is_done(job: Job) -> None:
    one, two = job("one"), job("two")
    assert one.claim("s", KEY) == COMPUTE
    assert two.claim("t", KEY) == {"then": "wait", "job": "one"}
    assert two.ended("t") is None
    end(one, "s")
    answer = until(lambda: (answer := two.claim("t", KEY))["then"] != "wait" and answer)
    assert answer == {"then": "look", "after": 0, "dead": False}
    assert two.claim("t", KEY, looked=0) == COMPUTE
    assert one.claim("s", KEY)["then"] == "wait"


def test_who_waited_looks_though_a_third_job_was_quicker_to_take_what_became_free(job: Job, store: Unreliable) -> None:
    one, two, three = job("one"), job("two"), Leases(store, "cache")
    one.claim("s", KEY)
    assert two.claim("t", KEY)["then"] == "wait"
    key = layout.lease("cache", KEY, 0)
    released, get = threading.Event(), store.get
    # the store is looked at by nobody between the release and what the third one takes
    store.get = lambda key: (released.wait(20), get(key))[1]  # type: ignore[method-assign]
    end(one, "s")
    three.take(KEY, {"job": "three"}, after=0)
    released.set()
    assert unseal("lease", get(key), key)["released"]
    answer = until(lambda: (answer := two.claim("t", KEY))["then"] != "wait" and answer)
    assert answer == {"then": "look", "after": 0, "dead": False}
    assert two.claim("t", KEY, looked=0) == {"then": "wait", "job": "three"}
    assert two.claim("t", KEY, looked=0, waits=False) == COMPUTE


def test_who_waits_for_a_job_that_died_takes_over(job: Job, store: Unreliable) -> None:
    Leases(store, "cache", seconds=SHORT).take(KEY, {"job": "dead"})
    two = job("two")
    assert two.claim("t", KEY) == {"then": "wait", "job": "dead"}
    answer = until(lambda: (answer := two.claim("t", KEY))["then"] != "wait" and answer)
    assert answer == {"then": "look", "after": 0, "dead": True}
    assert two.claim("t", KEY, looked=0) == COMPUTE


def test_who_no_longer_waits_computes_whoever_holds_it(job: Job) -> None:
    one, two = job("one"), job("two")
    one.claim("s", KEY)
    assert two.claim("t", KEY)["then"] == "wait"
    assert two.claim("t", KEY, waits=False) == COMPUTE
    assert one.claim("other", KEY, waits=False) == COMPUTE


def test_stages_of_one_job_wait_for_each_other_and_the_archive_is_not_asked(job: Job, store: Unreliable) -> None:
    one = job("one")
    assert one.claim("s", KEY) == COMPUTE
    store.is_away = True
    assert [one.claim("t", KEY) for _ in range(3)] == [{"then": "wait", "job": "one"}] * 3
    store.is_away = False
    end(one, "s")
    assert one.claim("t", KEY) == {"then": "look", "after": 0, "dead": False}
    assert one.claim("t", KEY, looked=0) == COMPUTE


def test_a_lease_is_renewed_and_released_and_never_renewed_after_that(job: Job, store: Unreliable) -> None:
    one = job("one", seconds=SHORT)
    one.claim("s", KEY)
    until(lambda: len(store.written) >= 3)
    reached, go = threading.Event(), threading.Event()

    def hold_up() -> None:
        store.before_put = lambda: None
        reached.set()
        assert go.wait(20)

    store.before_put = hold_up
    assert reached.wait(20)  # in the midst of a renewal
    releasing = threading.Thread(target=end, args=(one, "s"))
    releasing.start()
    go.set()
    releasing.join()
    one.close()
    assert [one["released"] for one in store.written[-2:]] == [False, True]


def test_an_archive_that_is_away_holds_up_nobody(job: Job, store: Unreliable) -> None:
    store.is_away = True
    one = job("one")
    assert one.claim("s", KEY) == COMPUTE
    assert one.claim("t", KEY) == {"then": "wait", "job": "one"}
    end(one, "s")
    assert one.claim("t", KEY) == {"then": "look", "after": NEVER, "dead": False}
    assert one.claim("t", KEY, looked=NEVER) == COMPUTE


def test_an_outage_while_a_stage_runs_ends_nothing_and_life_is_shown_afterwards(job: Job, store: Unreliable) -> None:
    one = job("one", seconds=SHORT)
    one.claim("s", KEY)
    until(lambda: store.written)
    store.is_away = True
    tries: list[int] = []
    refuse = store._refuse
    store._refuse = lambda key: (tries.append(1), refuse(key))[1]  # type: ignore[method-assign]
    until(lambda: len(tries) >= 3)
    before = len(store.written)
    store.is_away = False
    until(lambda: len(store.written) > before)
    end(one, "s")
    assert store.written[-1]["released"]


def test_a_lease_that_was_lost_is_neither_renewed_nor_released(job: Job, store: Unreliable) -> None:
    one, asked = job("one", seconds=SHORT), list[str]()
    head = store.head
    store.head = lambda key: (head(key), asked.append(key))[0]  # type: ignore[method-assign]
    one.claim("s", KEY)
    Leases(store, "cache").take(KEY, {"job": "two"}, after=0)
    next_one = layout.lease("cache", KEY, 1)
    two = store.get(next_one)
    until(lambda: next_one in asked)
    assert one.claim("t", KEY) == {"then": "wait", "job": "one"}, "it is computed all the same"
    end(one, "s")
    assert store.written == []
    assert store.get(next_one) == two


def test_all_that_is_held_is_released_in_the_end(job: Job, store: Unreliable) -> None:
    one = job("one")
    one.claim("s", KEY)
    one.claim("t", "ee" * 32)
    one.close()
    assert [written["released"] for written in store.written] == [True, True]
    assert not [thread for thread in threading.enumerate() if thread.name == "leases"]


def test_a_store_that_refuses_nothing_is_asked_once(job: Job, store: Unreliable) -> None:
    descriptor = json.loads(store.get(layout.DESCRIPTOR))
    store.put(layout.DESCRIPTOR, json.dumps({**descriptor, "caps": {"create": "none"}}).encode())
    one = job("one")
    assert one.claim("s", KEY) == COMPUTE
    assert one.claim("t", KEY)["then"] == "wait"
    before = len(list(store.list(layout.LEASES)))
    assert [one.claim(f"s{n}", f"{n:064x}") for n in range(3)] == [COMPUTE] * 3
    assert len(list(store.list(layout.LEASES))) == before
