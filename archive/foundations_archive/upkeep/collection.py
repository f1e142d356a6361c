"""Deleting blobs that nothing names any more, beside jobs that run and readers that read.

Every time is the store's own. A blob goes only if it is older than the grace, if no record names it that was listed
after it, if an earlier collection, a day ago or more, found the same, and if it is as old just before it is deleted.
"""

import secrets
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.blobs import GRACE_SECONDS
from foundations_archive.descriptor import read_descriptor
from foundations_archive.envelope import seal, unseal
from foundations_archive.errors import ArchiveDamaged, ArchiveError, NewerFormat, NotArchived
from foundations_archive.store import Entry, Store
from foundations_archive.upkeep.inventory import inventory, sorted_by_kind
from foundations_archive.upkeep.marking import marked
from foundations_archive.upkeep.old_leases import delete_leases, old_leases
from foundations_archive.upkeep.temporary import leftovers, sweep

INTERVAL_SECONDS = 86400.0

_THREADS = 8
_OLD_TEMPORARY = _OLD_LEASE = 86400.0
# who sets a grace of nothing says that nobody writes meanwhile
_SHORTEST_FENCE = 60.0
_LONGEST_LOOK = 60.0


@dataclass
class Collected:
    """What a collection has found in one store; `obstacles` say why nothing of it was, or would be, deleted.

    Each pair is a number of objects and their bytes. `waiting` go with a later collection, if nothing names them then.
    """

    location: str
    dry_run: bool
    blobs: tuple[int, int] = (0, 0)
    young: tuple[int, int] = (0, 0)
    waiting: tuple[int, int] = (0, 0)
    deleted: tuple[int, int] = (0, 0)
    temporary: tuple[int, int] = (0, 0)
    leases: tuple[int, int] = (0, 0)
    obstacles: list[str] = field(default_factory=list)


def collect(
    archive: Archive,
    *,
    grace: float = GRACE_SECONDS,
    minimum_interval: float = INTERVAL_SECONDS,
    dry_run: bool = False,
) -> list[Collected]:
    """Delete what nothing names in an archive, and in its cache where that has a store of its own; say what it was.

    A store of which a record can't be read is left as it is. Raise `ArchiveError` where a store can't be listed.
    """
    stores = {id(store): store for store in (archive.store, archive.cache_store)}.values()
    rules = _Rules(grace, minimum_interval, dry_run)
    return [_Collection(store, rules).run() for store in stores]


@dataclass(frozen=True)
class _Rules:
    grace: float
    interval: float
    dry_run: bool

    @property
    def fence(self) -> float:
        """After how long what was found about a blob counts for nothing any more."""
        return max(self.grace / 4, _SHORTEST_FENCE)


class _Collection:
    def __init__(self, store: Store, rules: _Rules) -> None:
        self._store = store
        self._rules = rules
        self._result = Collected(store.location, rules.dry_run)
        self._began = 0.0

    def run(self) -> Collected:
        """Do it all; each step relies on what the one before has found."""
        result, store = self._result, self._store
        if read_descriptor(store) is None:
            # whatever it is, it is not known to be an archive; an empty one has nothing to collect
            if next(iter(store.list(layout.BLOBS)), None):
                result.obstacles.append(f"{layout.DESCRIPTOR} is not there; `foundations archive check` tells more")
            return result
        self._began = began = self._clock()
        cycles = list(store.list(layout.CYCLES))
        before = self._previous(cycles)
        candidates = self._candidates()  # listed before what may name them: what is named later is found
        dead = self._dead(candidates)
        if result.obstacles:
            return result
        if self._clock() - began > self._rules.fence:
            result.obstacles.append("it took too long to read what names blobs, more than a quarter of the grace")
            return result
        doomed = [entry for entry in dead if layout.digest_in(entry.key) in before]
        if not self._rules.dry_run:
            self._remember(dead)
        self._delete(doomed)
        spared = {entry.key for entry in doomed}
        result.waiting = _sum(entry for entry in dead if entry.key not in spared)
        if not result.obstacles:
            self._tidy(cycles)
        return result

    def _clock(self) -> float:
        """Return seconds on the store's own clock: how old the descriptor is, which is written once."""
        entry = self._store.head(layout.DESCRIPTOR)
        if entry is None:
            raise NotArchived(
                f"{layout.DESCRIPTOR} was deleted from {self._store.location} while it was collected",
                key=layout.DESCRIPTOR,
            )
        return entry.age

    def _previous(self, cycles: Iterable[Entry]) -> set[str]:
        """Return what the last collection found that is long enough ago, and can be read."""
        old = (entry for entry in cycles if entry.age >= self._rules.interval)
        for entry in sorted(old, key=lambda entry: entry.age):
            try:
                return set(unseal("cycle", self._store.get(entry.key), entry.key)["blobs"])
            except (ArchiveDamaged, NewerFormat, NotArchived, KeyError, TypeError):
                continue  # the one before says the same of what is still there
        return set()

    def _candidates(self) -> list[Entry]:
        blobs = sorted_by_kind(self._store.list(layout.BLOBS)).of("blob")
        old = [entry for entry in blobs if entry.age >= self._rules.grace]
        self._result.blobs = _sum(blobs)
        self._result.young = _sum(entry for entry in blobs if entry.age < self._rules.grace)
        return old

    def _dead(self, candidates: Iterable[Entry]) -> list[Entry]:
        names: set[str] = set()
        for prefix in (layout.CACHE, layout.JOBS):
            found, unreadable = marked(self._store, inventory(self._store, prefix))
            names |= found
            self._result.obstacles += unreadable
        return [entry for entry in candidates if layout.digest_in(entry.key) not in names]

    def _remember(self, dead: Iterable[Entry]) -> None:
        name = f"{int(time.time() * 1000):013d}-{secrets.token_hex(4)}"
        body = {"blobs": sorted(layout.digest_in(entry.key) for entry in dead)}
        self._store.put(layout.cycle(name), seal("cycle", body, key=layout.cycle(name)))

    def _delete(self, doomed: list[Entry]) -> None:
        if self._rules.dry_run:
            self._result.deleted = _sum(doomed)
            return
        with ThreadPoolExecutor(_THREADS) as pool:
            gone = list(pool.map(self._delete_one, doomed))
        self._result.deleted = _sum(entry for entry, deleted in zip(doomed, gone, strict=True) if deleted)

    def _delete_one(self, entry: Entry) -> bool:
        if self._result.obstacles:
            return False
        try:
            # not by the blob's own age: who has named it since has written it anew, and that may be long ago as well
            asked = time.time()
            held_up = self._clock() - self._began > self._rules.fence
            now = self._store.head(entry.key)
            if now is None or now.age < self._rules.grace:
                return False  # somebody has deleted it, or written it anew since it was listed, to name it
            # a machine that sleeps between the two sees it by its own clock
            slept = time.time() - asked > _LONGEST_LOOK
            if held_up or slept or now.age - entry.age > self._rules.fence:
                self._result.obstacles.append("it was held up for more than a quarter of the grace; run it again")
                return False
            self._store.delete(entry.key)
        except ArchiveError as error:
            self._result.obstacles.append(str(error))
            return False
        return True

    def _tidy(self, cycles: Iterable[Entry]) -> None:
        """Delete temporary files, leases of long ago, and records of collections that no later one will look at."""
        clear = leftovers if self._rules.dry_run else sweep
        found = clear(self._store, older_than=_OLD_TEMPORARY)
        self._result.temporary = len(found), sum(one.size for one in found)
        leases = (old_leases if self._rules.dry_run else delete_leases)(self._store, older_than=_OLD_LEASE)
        self._result.leases = _sum(leases)
        if self._rules.dry_run:
            return
        if not Path(self._store.location).is_absolute():
            self._store.sweep_temporary(_OLD_TEMPORARY)
        old = sorted((entry for entry in cycles if entry.age >= self._rules.interval), key=lambda entry: entry.age)
        for entry in old[1:]:
            self._store.delete(entry.key)


def _sum(entries: Iterable[Entry]) -> tuple[int, int]:
    count = size = 0
    for entry in entries:
        count, size = count + 1, size + entry.size
    return count, size
