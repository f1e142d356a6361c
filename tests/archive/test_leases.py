"""Leases: one holder at a time wherever the store can refuse a write, and the next one soon when that is gone."""

import os
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import DirectoryStore, Entry, S3Settings, S3Store, Store, layout
from foundations_archive.archive import Archive
from foundations_archive.envelope import seal, unseal
from foundations_archive.leases import LEASE_SECONDS, NEVER, RENEWALS, Lease, Leases, Standing, are_leases_offered
from foundations_archive.signing import SigningKey
from foundations_archive.upkeep.check import check
from foundations_archive.upkeep.collection import collect
from foundations_archive.upkeep.copying import copy
from foundations_archive.upkeep.old_leases import old_leases
from foundations_archive.upkeep.stats import statistics
from tests.archive.archives import CACHE_KEY, keys
from tests.archive.counted import CountedStore

DAY = 86400.0


class Clock:
    """A clock that only the test moves."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def leases(store: Store, clock: Callable[[], float] | None = None, **more: Any) -> Leases:
    return Leases(store, "cache", clock=clock or Clock(), **more)


def aged(path: Path, seconds: float) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then))


def taken(found: Lease | Standing) -> Lease:
    assert isinstance(found, Lease), found
    return found


def standing(found: Lease | Standing | None) -> Standing:
    assert isinstance(found, Standing), found
    return found


def watched(waiter: Leases, clock: Clock, *, seconds: float, since: int = NEVER) -> Standing:
    """Look again and again for a while, as who waits does."""
    found = standing(waiter.look(CACHE_KEY, since=since))
    for _ in range(round(seconds)):
        clock.now += 1
        found = standing(waiter.look(CACHE_KEY, since=found.generation))
    return found


def test_the_first_one_has_it_and_others_learn_whose_it_is(store: Store) -> None:
    lease = taken(leases(store).take(CACHE_KEY, {"job": "one"}))
    assert (lease.generation, lease.by) == (0, {"job": "one"})
    assert leases(store).take(CACHE_KEY, {"job": "two"}) == Standing(0, {"job": "one"})
    assert leases(store).look(CACHE_KEY) == Standing(0, {"job": "one"})
    assert leases(store).look("ee" * 32) is None


def test_what_was_released_is_free_at_once_for_one(store: Store) -> None:
    one, two, three = leases(store), leases(store), leases(store)
    one.release(taken(one.take(CACHE_KEY, {"job": "one"})))
    free = standing(two.take(CACHE_KEY, {"job": "two"}))
    assert (free.is_over, free.released, free.dead) == (True, True, False)
    assert taken(two.take(CACHE_KEY, {"job": "two"}, after=free.generation)).generation == 1
    assert three.take(CACHE_KEY, {"job": "three"}, after=free.generation) == Standing(1, {"job": "two"})


def test_who_shows_no_life_is_dead_by_the_waiters_own_clock(store: Store) -> None:
    clock = Clock()
    waiter = leases(store, clock)
    taken(leases(store).take(CACHE_KEY, {"job": "one"}))
    assert not watched(waiter, clock, seconds=LEASE_SECONDS - 1).is_over
    found = watched(waiter, clock, seconds=2, since=0)
    assert (found.dead, found.by) == (True, {"job": "one"})
    assert taken(waiter.take(CACHE_KEY, {"job": "two"}, after=found.generation)).generation == 1


def test_who_shows_life_is_waited_for_however_long_it_takes(store: Store) -> None:
    clock = Clock()
    holder, waiter = leases(store), leases(store, clock)
    lease: Lease | None = taken(holder.take(CACHE_KEY, {"job": "one"}))
    for _ in range(8):
        assert lease is not None
        lease = holder.renew(lease)
        assert not watched(waiter, clock, seconds=LEASE_SECONDS - 2).is_over


def test_time_in_which_nobody_looked_does_not_count(store: Store) -> None:
    """In an outage the holder can't show its life either."""
    clock = Clock()
    waiter = leases(store, clock)
    taken(leases(store).take(CACHE_KEY, {"job": "one"}))
    waiter.look(CACHE_KEY)
    for _ in range(RENEWALS - 1):
        clock.now += 10_000
        assert not standing(waiter.look(CACHE_KEY, since=0)).is_over
    clock.now += 10_000
    assert standing(waiter.look(CACHE_KEY, since=0)).dead


def test_what_has_been_dead_for_long_by_the_stores_clock_is_so_at_the_first_look(tmp_path: Path) -> None:
    store = DirectoryStore(tmp_path)
    lease = taken(leases(store).take(CACHE_KEY, {"job": "one"}))
    aged(tmp_path / layout.lease("cache", CACHE_KEY, 0), LEASE_SECONDS - 1)
    assert not standing(leases(store).look(CACHE_KEY)).is_over
    aged(tmp_path / layout.lease("cache", CACHE_KEY, 0), LEASE_SECONDS + 5)
    assert standing(leases(store).take(CACHE_KEY, {"job": "two"})).dead
    assert leases(store).renew(lease) is not None, "nobody has taken it over yet"
    assert not standing(leases(store).look(CACHE_KEY)).is_over


def test_a_holder_whose_lease_was_taken_over_learns_it_and_touches_nothing(store: Store) -> None:
    holder, other = leases(store), leases(store)
    lost = taken(holder.take(CACHE_KEY, {"job": "one"}))
    mine = taken(other.take(CACHE_KEY, {"job": "two"}, after=0))
    newest = layout.lease("cache", CACHE_KEY, 1)
    before = store.get(newest)
    assert holder.renew(lost) is None
    holder.release(lost)
    assert store.get(newest) == before
    assert leases(store).look(CACHE_KEY) == Standing(1, {"job": "two"})
    assert other.renew(mine) is not None


def test_who_was_held_up_for_so_long_that_it_began_anew_touches_nothing(store: Store) -> None:
    """A collection has deleted it, and somebody has the first generation again."""
    holder = leases(store)
    lost = replace(taken(holder.take(CACHE_KEY, {"job": "one"})), shown=0.0)
    store.delete(layout.lease("cache", CACHE_KEY, 0))
    taken(leases(store).take(CACHE_KEY, {"job": "two"}))
    before = store.get(layout.lease("cache", CACHE_KEY, 0))
    assert holder.renew(lost) is None
    holder.release(lost)
    assert store.get(layout.lease("cache", CACHE_KEY, 0)) == before


def test_of_many_at_once_one_has_it_and_of_many_that_take_over_too(store: Store) -> None:
    many = 16
    start = threading.Barrier(many)

    def race(number: int, after: int) -> bool:
        mine = leases(store)
        start.wait(30)
        return isinstance(mine.take(CACHE_KEY, {"job": number}, after=after), Lease)

    with ThreadPoolExecutor(many) as pool:
        for generation in range(12):
            won = list(pool.map(race, range(many), [generation - 1] * many))
            assert sum(won) == 1
    assert standing(leases(store).look(CACHE_KEY)).generation == 11


def test_who_looks_for_the_first_time_finds_the_newest_of_many(store: Store) -> None:
    holder = leases(store)
    for generation in range(12):
        holder.release(taken(holder.take(CACHE_KEY, {}, after=generation - 1)))
    counted = CountedStore(store)
    assert leases(counted).look(CACHE_KEY) == Standing(11, {}, released=True)
    assert sum(counted.requests.values()) <= 4


def test_the_first_claim_costs_one_request_and_a_look_of_who_waits_one(store: Store) -> None:
    counted = CountedStore(store)
    holder = leases(counted)
    lease = taken(holder.take(CACHE_KEY, {}))
    assert counted.requests == Counter(create=1)
    holder.release(lease)
    assert counted.requests == Counter(create=1, put=1)
    taken(holder.take(CACHE_KEY, {}, after=0))
    waiter = leases(counted)
    waiter.look(CACHE_KEY)
    counted.requests.clear()
    waiter.look(CACHE_KEY, since=1)
    assert counted.requests == Counter(get=1)


class Late(DirectoryStore):
    """A directory whose listings show nothing that was ever written."""

    def list(self, prefix: str) -> Any:
        return iter(())


class Lying(DirectoryStore):
    """A directory whose clock runs ahead."""

    ahead = 0.0

    def head(self, key: str) -> Entry | None:
        entry = super().head(key)
        return entry and replace(entry, age=max(0.0, entry.age + self.ahead))


def test_listings_that_come_late_change_nothing(tmp_path: Path) -> None:
    store = Late(tmp_path)
    holder = leases(store)
    for generation in range(3):
        holder.release(taken(holder.take(CACHE_KEY, {"job": "one"}, after=generation - 1)))
    taken(holder.take(CACHE_KEY, {"job": "one"}, after=2))
    found = Standing(3, {"job": "one"}, follows_release=True)
    assert leases(store).take(CACHE_KEY, {"job": "two"}) == found
    assert leases(store).take(CACHE_KEY, {"job": "two"}, after=1) == found


@pytest.mark.parametrize(("ahead", "dead"), [(-DAY, False), (DAY, True)])
def test_a_store_that_lies_about_the_time_makes_two_compute_at_worst(tmp_path: Path, ahead: float, dead: bool) -> None:
    store = Lying(tmp_path)
    store.ahead = ahead
    clock = Clock()
    lease = taken(leases(store).take(CACHE_KEY, {"job": "one"}))
    found = standing(leases(store, clock).look(CACHE_KEY))
    assert found.dead is dead
    if dead:
        taken(leases(store).take(CACHE_KEY, {"job": "two"}, after=0))
        assert leases(store).renew(lease) is None
    else:
        assert watched(leases(store, clock), clock, seconds=LEASE_SECONDS + 2).dead


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 1000, seal("lease", {"by": 1}), seal("spec", {})])
def test_a_lease_that_can_not_be_read_holds_for_as_long_as_any_other(store: Store, data: bytes) -> None:
    clock = Clock()
    store.put(layout.lease("cache", CACHE_KEY, 0), data)
    waiter = leases(store, clock)
    assert not standing(waiter.take(CACHE_KEY, {})).is_over
    assert watched(waiter, clock, seconds=LEASE_SECONDS + 2).dead


@pytest.mark.parametrize("seconds", [float("1e300"), -5.0])
def test_a_promise_that_makes_no_sense_is_bounded(store: Store, seconds: float) -> None:
    key = layout.lease("cache", CACHE_KEY, 0)
    store.put(key, seal("lease", {"by": {}, "seconds": seconds, "nonce": "n", "released": False}, key=key))
    clock = Clock()
    waiter = leases(store, clock)
    waiter.look(CACHE_KEY)
    for _ in range(5):
        clock.now += DAY
        found = standing(waiter.look(CACHE_KEY, since=0))
    assert found.dead


def test_with_a_signing_key_it_is_signed_and_a_strangers_holds_up_nobody(store: Store) -> None:
    key = SigningKey((b"k" * 32,))
    taken(leases(store, signing=key).take(CACHE_KEY, {"job": "one"}))
    assert not standing(leases(store, signing=key).look(CACHE_KEY)).is_over
    name = layout.lease("cache", CACHE_KEY, 0)
    unseal("lease", store.get(name), name, signing=key)
    taken(leases(store).take(CACHE_KEY, {"job": "stranger"}, after=0))
    found = standing(leases(store, signing=key).look(CACHE_KEY))
    assert (found.generation, found.dead) == (1, True)


def test_only_what_can_refuse_a_write_offers_leases(store: Store) -> None:
    assert not are_leases_offered(store)  # nobody has asked yet
    Archive(store).check()
    assert are_leases_offered(store)
    store.put(layout.DESCRIPTOR, store.get(layout.DESCRIPTOR).replace(b"native", b"none"))
    assert not are_leases_offered(store)


def test_a_collection_deletes_leases_of_long_ago_and_no_others(tmp_path: Path) -> None:
    archive = Archive(DirectoryStore(tmp_path))
    archive.check()
    holder = leases(archive.store)
    for name in ("aa" * 32, "bb" * 32, "cc" * 32):
        holder.release(taken(holder.take(name, {})))
        taken(holder.take(name, {}, after=0))
    old = [layout.lease("cache", "aa" * 32, generation) for generation in (0, 1)]
    for key in [*old, layout.lease("cache", "bb" * 32, 0)]:
        aged(tmp_path / key, DAY + 60)
    (looked,) = collect(archive, dry_run=True)
    assert looked.leases[0] == 2
    assert len(keys(archive.store, "lease")) == 6
    (done,) = collect(archive)
    assert done.leases == looked.leases
    assert len(keys(archive.store, "lease")) == 4
    assert not set(old) & set(keys(archive.store, "lease"))
    assert taken(holder.take("aa" * 32, {})).generation == 0


def test_a_lease_that_somebody_takes_while_it_is_collected_stays_whole(tmp_path: Path) -> None:
    archive = Archive(DirectoryStore(tmp_path))
    archive.check()
    holder = leases(archive.store)
    holder.release(taken(holder.take(CACHE_KEY, {})))
    first = tmp_path / layout.lease("cache", CACHE_KEY, 0)
    aged(first, DAY + 60)
    listings = 0

    def take(verb: str, key: str) -> None:
        nonlocal listings
        if verb == "list" and key.startswith(layout.LEASES):
            listings += 1
            if listings == 2:
                taken(holder.take(CACHE_KEY, {"job": "two"}, after=0))

    counted = CountedStore(archive.store, before=take)
    assert len(old_leases(archive.store, older_than=DAY)) == 1
    (done,) = collect(Archive(counted))
    assert done.leases == (0, 0)
    assert first.exists()
    assert leases(archive.store).look(CACHE_KEY) == Standing(1, {"job": "two"})


def test_check_knows_it_stats_counts_it_and_a_copy_leaves_it(tmp_path: Path) -> None:
    archive, target = Archive(DirectoryStore(tmp_path / "one")), DirectoryStore(tmp_path / "two")
    archive.check()
    key = layout.lease("cache", CACHE_KEY, 0)
    taken(leases(archive.store).take(CACHE_KEY, {}))
    assert check(archive, deep=True).findings == []
    assert statistics(archive).kinds["lease"][0] == 1
    assert copy(archive.store, target).damaged == []
    assert [entry.key for entry in target.list("")] == [layout.DESCRIPTOR]
    archive.store.put(key, b"damaged")
    report = check(archive, deep=True)
    assert (report.status, [(one.severity, one.key) for one in report.findings]) == (0, [("note", key)])


@pytest.mark.s3
def test_holders_of_many_processes_never_have_it_together(s3_settings: S3Settings, s3_bucket: str) -> None:
    """Each takes it, looks that it is alone, and releases it: as with slots of a queue."""
    prefix, inside, most, done = uuid.uuid4().hex, 0, 0, 0
    lock = threading.Lock()

    def work(number: int) -> None:
        nonlocal inside, most, done
        mine, after = Leases(S3Store(s3_bucket, prefix, s3_settings), "slot"), NEVER
        for _ in range(2000):
            found = mine.take("slot-1", {"job": number}, after=after)
            if isinstance(found, Standing):
                after = found.generation if found.is_over else found.generation - 1
                continue
            with lock:
                inside += 1
                most = max(most, inside)
            with lock:
                inside -= 1
                done += 1
            mine.release(found)
            return

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert (most, done) == (1, 8)
