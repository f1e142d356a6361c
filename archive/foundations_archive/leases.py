"""Leases: who may do something alone for a while, agreed on through a store that can refuse to create what is there.

A lease has generations. Each is an object that is created once, so of many that want the next one a single one gets it,
and that its holder then writes anew as a sign of life. Whoever waits takes the next generation when this one was
released, or shows no life for as long as its holder has promised: by the waiter's own clock, or by the store's, never
by two machines' clocks compared. Nobody but a collection deletes one. What is done under a lease has to be right
without it too: a holder that was held up does not know yet that another one has taken over.
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from foundations_archive import layout
from foundations_archive.descriptor import read_descriptor
from foundations_archive.envelope import seal, unseal
from foundations_archive.errors import ArchiveDamaged, ArchiveUntrusted, NewerFormat, NotArchived
from foundations_archive.signing import SigningKey
from foundations_archive.store import Store

LEASE_SECONDS = 20.0
RENEWALS = 4  # in the length of a lease

NEVER = -1  # the generation before the first

# servers tell times in whole seconds, and both that are compared are rounded
_ROUNDED_SECONDS = 2.0
_LONGEST_SECONDS = 3600.0


@dataclass(frozen=True)
class Lease:
    """A generation of a lease that is ours; `by` is what it says of us."""

    kind: str
    name: str
    generation: int
    by: Mapping[str, Any]
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))
    shown: float = 0.0


@dataclass(frozen=True)
class Standing:
    """What there is of a lease: its newest generation, whose, and whether it is `released` or that one `dead`.

    It `follows_release` where the one before was seen released just now: what was waited for has come to its end.
    """

    generation: int
    by: Mapping[str, Any]
    released: bool = False
    dead: bool = False
    follows_release: bool = False

    @property
    def is_over(self) -> bool:
        """Tell whether the next generation may be taken."""
        return self.released or self.dead


@dataclass
class _Seen:
    """What a generation looked like when it was last looked at, and for how long it has looked like that."""

    generation: int
    data: bytes
    at: float
    unchanged: float = 0.0


class Leases:
    """The leases of one kind in a store; safe to share between threads.

    Ours last `seconds` after their last sign of life, which is `renew`. `clock` is any that never goes back.
    """

    def __init__(
        self,
        store: Store,
        kind: str,
        *,
        seconds: float = LEASE_SECONDS,
        signing: SigningKey | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.seconds = seconds
        self._store, self._kind, self._signing, self._clock = store, kind, signing, clock
        self._seen: dict[str, _Seen] = {}
        self._lock = threading.Lock()

    def take(self, name: str, by: Mapping[str, Any], *, after: int = NEVER) -> Lease | Standing:
        """Take the generation `after` one that is over, the first one without; return what stands in the way, if any.

        That may be over itself, as a generation that somebody took and released meanwhile.
        """
        lease = Lease(self._kind, name, after + 1, dict(by), shown=_now())
        if self._store.create(self._key(lease), self._sealed(lease)):
            return lease
        standing = self.look(name, since=NEVER if after == NEVER else after + 1)
        # who deletes it the very moment is a collection, and what it deletes was over
        return standing or Standing(after, {}, released=True)

    def renew(self, lease: Lease) -> Lease | None:
        """Show that its holder lives, and return it as it stands now; None where another one has it by now."""
        if not self._is_ours(lease) or self._store.head(self._key(replace(lease, generation=lease.generation + 1))):
            return None
        self._store.put(self._key(lease), self._sealed(lease))
        return replace(lease, shown=_now())

    def release(self, lease: Lease) -> None:
        """Let others have it at once; one that another has by now is left as it is."""
        # a look is spared who has just shown life: it was young, and is ours
        if 0 <= _now() - lease.shown < self.seconds / 2 or self._is_ours(lease):
            self._store.put(self._key(lease), self._sealed(lease, released=True))

    def look(self, name: str, *, since: int = NEVER) -> Standing | None:
        """Return what there is of a lease, or None; who knows of a generation looks for that and later ones only.

        Whoever waits looks again and again: only so a holder is found dead that is gone.
        """
        generation = self._newest(name) if since == NEVER else since
        found: Standing | None = None
        while (standing := self._read(name, generation)) is not None:
            found = replace(standing, follows_release=found is not None and found.released)
            if not found.is_over:
                break
            generation += 1
        return found

    def forget(self, name: str) -> None:
        """Stop watching a lease that nobody waits for any more."""
        with self._lock:
            self._seen.pop(name, None)

    def _newest(self, name: str) -> int:
        listed = [entry.key for entry in self._store.list(layout.leases(self._kind, name))]
        return max(map(layout.generation_in, listed), default=0)

    def _read(self, name: str, generation: int) -> Standing | None:
        key = layout.lease(self._kind, name, generation)
        try:
            data = self._store.get(key)
        except NotArchived:
            return None
        by, seconds, released, trusted = self._opened(data, key)
        dead = not released and (not trusted or self._is_dead(name, generation, key, data, seconds))
        return Standing(generation, by, released=released, dead=dead)

    def _opened(self, data: bytes, key: str) -> tuple[Mapping[str, Any], float, bool, bool]:
        """Return what a lease says: by whom, for how long, whether it was released, and whether that can be trusted."""
        try:
            body = unseal("lease", data, key, signing=self._signing)
            seconds = min(max(float(body["seconds"]), 0.0), _LONGEST_SECONDS)
            return dict(body["by"]), seconds, bool(body["released"]), True
        except ArchiveUntrusted:
            return {}, 0.0, False, False  # a stranger's lease must not hold up anyone
        except (ArchiveDamaged, NewerFormat, KeyError, TypeError, ValueError):
            return {}, self.seconds, False, True  # somebody's all the same, who may be alive

    def _is_dead(self, name: str, generation: int, key: str, data: bytes, seconds: float) -> bool:
        now = self._clock()
        with self._lock:
            seen = self._seen.get(name)
            first = seen is None or seen.generation != generation
            if seen is None or first or seen.data != data:
                self._seen[name] = _Seen(generation, data, now)
            else:
                # while nobody looked, as in an outage, the holder could not show its life either
                seen.unchanged += min(now - seen.at, seconds / RENEWALS)
                seen.at = now
                return seen.unchanged >= seconds
        entry = self._store.head(key) if first else None
        return entry is not None and entry.age > seconds + _ROUNDED_SECONDS

    def _is_ours(self, lease: Lease) -> bool:
        try:
            body = unseal("lease", self._store.get(self._key(lease)), self._key(lease))
            return bool(body["nonce"] == lease.nonce)
        except (NotArchived, ArchiveDamaged, NewerFormat, KeyError, TypeError):
            return False

    def _key(self, lease: Lease) -> str:
        return layout.lease(lease.kind, lease.name, lease.generation)

    def _sealed(self, lease: Lease, *, released: bool = False) -> bytes:
        body = {"by": lease.by, "seconds": self.seconds, "nonce": lease.nonce, "released": released}
        return seal("lease", body, key=self._key(lease), signing=self._signing)


def are_leases_offered(store: Store) -> bool:
    """Tell whether a store can refuse to create what is there; without that a lease would have several holders."""
    descriptor = read_descriptor(store)
    if descriptor is None:
        return False
    create = descriptor["caps"].get("create")
    return store.probe() if create is None else bool(create == "native")


def _now() -> float:
    # it counts the time that a machine sleeps too, which others do not
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.time()
