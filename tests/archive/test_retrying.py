"""What is asked again, how often and for how long, in a time of the test's own."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveForbidden,
    ArchiveFull,
    ArchiveUnreachable,
    DirectoryStore,
    NotArchived,
    Patience,
    RequestRejected,
    Retrying,
    Store,
)
from foundations_archive.retrying import INTERACTIVE

COURIER = Patience(silence=3600.0, trouble=3600.0)


@dataclass
class Clock:
    """A time that passes only in pauses, all of which it has."""

    now: float = 1000.0
    pauses: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@dataclass
class Failing:
    """A store whose verbs raise these errors, one a call, and then do what the store behind does."""

    store: Store
    errors: Iterator[ArchiveError]
    calls: int = 0

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self.store, name)

        def tried(*arguments: Any) -> Any:
            self.calls += 1
            for error in self.errors:
                raise error
            return verb(*arguments)

        return tried


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("foundations_archive.retrying.time.sleep", clock.sleep)
    monkeypatch.setattr("foundations_archive.retrying.time.monotonic", lambda: clock.now)
    return clock


@pytest.fixture
def directory(tmp_path: Path) -> DirectoryStore:
    store = DirectoryStore(tmp_path / "archive")
    store.put("there", b"x")
    return store


def failing(store: Store, *errors: ArchiveError) -> Failing:
    return Failing(store, iter(errors))


def for_ever(error: ArchiveError) -> Iterator[ArchiveError]:
    while True:
        yield error


VERBS: dict[str, Callable[[Retrying], object]] = {
    "get": lambda store: store.get("there"),
    "put": lambda store: store.put("new", b"y"),
    "create": lambda store: store.create("new", b"y"),
    "list": lambda store: list(store.list("")),
    "head": lambda store: store.head("there"),
    "delete": lambda store: store.delete("there"),
    "check": Retrying.check,
    "look": Retrying.look,
    "probe": Retrying.probe,
    "sweep": lambda store: store.sweep_temporary(0),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_every_verb_is_tried_again_until_it_goes_through(
    directory: DirectoryStore, clock: Clock, verb: Callable[[Retrying], object]
) -> None:
    store = failing(directory, *[ArchiveUnreachable("busy", code="SlowDown")] * 6)
    verb(Retrying(store))  # type: ignore[arg-type]
    assert store.calls >= 7
    assert len(clock.pauses) == 6


@pytest.mark.parametrize("kind", [ArchiveForbidden, NotArchived, RequestRejected, ArchiveDamaged, ArchiveFull])
def test_what_would_not_pass_is_told_at_once(directory: DirectoryStore, clock: Clock, kind: type[ArchiveError]) -> None:
    store = failing(directory, kind("no"))
    with pytest.raises(kind):
        Retrying(store).get("there")  # type: ignore[arg-type]
    assert (store.calls, clock.pauses) == (1, [])


@pytest.mark.parametrize("patience", [INTERACTIVE, COURIER, Patience(0.0, 0.5)])
@pytest.mark.parametrize("code", ["EndpointConnectionError", "SlowDown"])
def test_it_gives_up_when_its_patience_ends(
    directory: DirectoryStore, clock: Clock, patience: Patience, code: str
) -> None:
    store = Failing(directory, for_ever(ArchiveUnreachable("no answer", code=code)))
    began = clock.now
    with pytest.raises(ArchiveUnreachable, match="no answer"):
        Retrying(store, patience=patience).get("there")  # type: ignore[arg-type]
    allowed = patience.silence if code == "EndpointConnectionError" else patience.trouble
    assert clock.now - began <= allowed
    assert store.calls < 5 + 10 * max(allowed, 1) ** 0.75


def test_an_outage_of_fifty_minutes_costs_a_courier_only_time(directory: DirectoryStore, clock: Clock) -> None:
    over = clock.now + 3000

    def outage() -> Iterator[ArchiveError]:
        while clock.now < over:
            yield ArchiveUnreachable("refused", code="EndpointConnectionError")

    store = Retrying(Failing(directory, outage()), patience=COURIER)  # type: ignore[arg-type]
    store.put("new", b"y")
    assert directory.get("new") == b"y"
    assert 3000 <= clock.now - 1000 < 3030


def test_pauses_grow_with_full_jitter_up_to_a_limit(
    directory: DirectoryStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("foundations_archive.retrying._CHANCE.uniform", lambda least, most: (least, most)[1] - least)
    store = failing(directory, *[ArchiveUnreachable("busy")] * 10)
    Retrying(store, patience=COURIER).get("there")  # type: ignore[arg-type]
    assert clock.pauses == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20, 20])


def test_after_a_timeout_that_took_all_the_time_there_is_one_more_try(directory: DirectoryStore, clock: Clock) -> None:
    def timeout() -> Iterator[ArchiveError]:
        clock.now += 60
        yield ArchiveUnreachable("stalled", code="ReadTimeoutError")

    assert Retrying(Failing(directory, timeout())).get("there") == b"x"  # type: ignore[arg-type]


def test_what_an_earlier_try_has_created_is_ours(directory: DirectoryStore, clock: Clock) -> None:
    class Lossy(DirectoryStore):
        lost = False

        def create(self, key: str, data: bytes | bytearray | memoryview) -> bool:
            done = super().create(key, data)
            if not self.lost:
                self.lost = True
                raise ArchiveUnreachable("the answer was lost")
            return done

    store = Retrying(Lossy(Path(directory.location)))
    assert store.create("new", b"ours")
    assert not store.create("new", b"ours")
    assert store.get("new") == b"ours"


def test_it_shows_the_place_of_the_store(directory: DirectoryStore) -> None:
    assert Retrying(directory).location == directory.location


def test_trouble_that_lasts_is_told_of_once_for_each_time(directory: DirectoryStore, clock: Clock) -> None:
    told: list[ArchiveUnreachable] = []
    first, second = (ArchiveUnreachable(name, code="EndpointConnectionError") for name in ("first", "second"))
    store = Failing(directory, iter([first] * 20))
    retrying = Retrying(store, patience=COURIER, notice=told.append)  # type: ignore[arg-type]
    retrying.get("there")
    assert told == [first]
    store.errors = iter([second] * 3)  # a moment's trouble
    retrying.get("there")
    assert told == [first]
    store.errors = iter([second] * 20)
    retrying.put("new", b"y")
    assert told == [first, second]


def test_a_pause_takes_nothing_from_the_generator_that_a_user_has_seeded(
    directory: DirectoryStore, clock: Clock
) -> None:
    before = random.getstate()
    Retrying(failing(directory, *[ArchiveUnreachable("busy", code="SlowDown")] * 6)).get("there")  # type: ignore[arg-type]
    assert clock.pauses
    assert random.getstate() == before
