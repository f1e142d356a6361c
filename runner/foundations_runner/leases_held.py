"""The leases of a job: of several that want the same result of a stage at once, one computes it.

The worker asks before it computes what the cache does not hold, and waits where another job is at it already. A lease
saves work and promises nothing: an archive that is away, or offers none, never holds up a job.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveError
from foundations_archive.leases import LEASE_SECONDS, NEVER, RENEWALS, Lease, Leases, Standing, are_leases_offered
from foundations_archive.parallel import aside
from foundations_archive.retrying import Patience, Retrying

KIND = "cache"

_BRIEF = Patience(silence=1.0, trouble=2.0)
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.2, 2.0, 1.5
# a worker that waits asks every second or so; of what it does not ask for any more nobody needs to know
_FORGET_SECONDS = 30.0

Answer = dict[str, Any]

_COMPUTE: Answer = {"then": "compute"}


@dataclass
class _Held:
    """A key that a stage of this job computes; without a lease where the archive gave none."""

    stage: str
    lease: Lease | None


@dataclass
class _Watched:
    """A lease that a stage waits for, or one of this very job that is over."""

    standing: Standing
    asked: float
    due: float
    pause: float = _FIRST_PAUSE


class LeasesHeld:
    """What a job computes and what it waits for; `claim` belongs to one thread, the rest is safe from any."""

    def __init__(self, archive: Archive, job_id: str, *, seconds: float = LEASE_SECONDS) -> None:
        store = archive.cache_store
        self._store = store.with_patience(_BRIEF) if isinstance(store, Retrying) else store
        self._leases = Leases(self._store, KIND, seconds=seconds, signing=archive.signing)
        self._longest_pause = min(_LONGEST_PAUSE, seconds / RENEWALS)
        self._job_id = job_id
        self._offered: Future[bool] | None = None
        self._held: dict[str, _Held] = {}
        self._watched: dict[str, _Watched] = {}
        self._wanted: set[str] = set()
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def claim(self, stage: str, key: str, *, looked: int | None = None, waits: bool = True) -> Answer:
        """Return whether a stage that the cache lacks shall be computed, or may be there by now, or is waited for.

        "look" comes with the generation `after` which the key was free: whoever found nothing then asks again, having
        `looked` after that. Who no longer `waits` computes at once.
        """
        with self._changed:
            held, watched = self._held.get(key), self._watched.get(key)
            if held and held.stage != stage and waits:
                self._wanted.add(key)
                return {"then": "wait", "job": self._job_id}
            if watched and waits and looked != watched.standing.generation:
                watched.asked = time.monotonic()
                return _told(watched.standing, looked)
            if held:
                return _COMPUTE
        try:
            return self._claimed(stage, key, NEVER if looked is None else looked, waits=waits)
        except ArchiveError:
            return self._hold(stage, key, None)

    def ended(self, stage: str) -> Callable[[], None] | None:
        """Return what lets others have the key of a stage that has ended, or None where it holds none."""
        with self._changed:
            keys = [key for key, held in self._held.items() if held.stage == stage]
        return partial(self._release, keys) if keys else None

    def close(self) -> None:
        """Let others have all that is left, and end."""
        with self._changed:
            self._closed = True
            keys = list(self._held)
            self._changed.notify_all()
        if self._thread:
            self._thread.join()
        self._release(keys)

    def _claimed(self, stage: str, key: str, looked: int, *, waits: bool) -> Answer:
        offered = self._offers()
        if offered.done() and not offered.result():
            return self._hold(stage, key, None)
        taken = self._leases.take(key, {"job": self._job_id, "stage": stage}, after=looked)
        if isinstance(taken, Lease):
            return self._hold(stage, key, taken if offered.result() else None)
        if not (waits and offered.result()):
            return self._hold(stage, key, None)
        self._watch(key, taken)
        return _told(taken, looked)

    def _offers(self) -> Future[bool]:
        # asked beside the first claim, whose round trip it needs as well; of an answer that did not come, anew
        if self._offered is None or (self._offered.done() and self._offered.exception()):
            self._offered = aside(lambda: are_leases_offered(self._store))
        return self._offered

    def _hold(self, stage: str, key: str, lease: Lease | None) -> Answer:
        with self._changed:
            self._watched.pop(key, None)
            self._held.setdefault(key, _Held(stage, lease))  # the first one's end is what others wait for
        self._leases.forget(key)
        if lease:
            self._wake()
        return _COMPUTE

    def _watch(self, key: str, standing: Standing) -> None:
        now = time.monotonic()
        with self._changed:
            self._watched[key] = _Watched(standing, asked=now, due=now + _FIRST_PAUSE)
        self._wake()

    def _release(self, keys: list[str]) -> None:
        for key in keys:
            with self._writing:
                with self._changed:
                    lease = self._held[key].lease if key in self._held else None
                if lease:
                    # where it is away nobody renews it any more, which does as well
                    with suppress(ArchiveError):
                        self._leases.release(lease)
                with self._changed:
                    self._held.pop(key, None)
                    wanted = key in self._wanted
                    self._wanted.discard(key)
            if wanted:
                self._watch(key, Standing(lease.generation if lease else NEVER, {}, released=True))

    def _wake(self) -> None:
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._attend, name="leases", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def _attend(self) -> None:
        """Renew what is held, and look after what is waited for, until the job has ended."""
        try:
            self._attend_until_closed()
        finally:
            with self._changed:  # whatever broke: who waits asks again, and that begins anew
                self._watched.clear()
                self._thread = self._thread if self._closed else None

    def _attend_until_closed(self) -> None:
        interval = self._leases.seconds / RENEWALS
        renewal = time.monotonic() + interval
        while True:
            with self._changed:
                due = min([renewal, *(one.due for one in self._watched.values() if not one.standing.is_over)])
                if not self._closed:
                    self._changed.wait(max(0.0, due - time.monotonic()))
                if self._closed:
                    return
            if time.monotonic() >= renewal:
                renewal = time.monotonic() + interval
                self._renew_all()
            self._look_after_all()

    def _renew_all(self) -> None:
        with self._changed:
            held = [(key, one) for key, one in self._held.items() if one.lease]
        for key, one in held:
            with self._writing:  # or a sign of life came after the release
                if self._held.get(key) is not one or one.lease is None:
                    continue
                try:
                    one.lease = self._leases.renew(one.lease)  # one that was lost stays ours to compute
                except ArchiveError:
                    return  # it is away: the next round tries again

    def _look_after_all(self) -> None:
        now = time.monotonic()
        with self._changed:
            for key in [key for key, one in self._watched.items() if now - one.asked > _FORGET_SECONDS]:
                del self._watched[key]
                self._leases.forget(key)
            due = [(key, one) for key, one in self._watched.items() if one.due <= now and not one.standing.is_over]
        for key, one in due:
            try:
                found = self._leases.look(key, since=one.standing.generation)
            except ArchiveError:
                found = one.standing
            with self._changed:
                # a collection deletes only what is over
                one.standing = found or Standing(one.standing.generation, {}, released=True)
                one.pause = min(one.pause * _GROWTH, self._longest_pause)
                one.due = time.monotonic() + one.pause


def _told(standing: Standing, looked: int | None) -> Answer:
    before = standing.generation - 1
    if standing.is_over:
        return {"then": "look", "after": standing.generation, "dead": standing.dead}
    if standing.follows_release and looked != before:
        # who was waited for is done, and another one was quicker: its entry may not have served that one alone
        return {"then": "look", "after": before, "dead": False}
    return {"then": "wait", "job": str(standing.by.get("job", "unknown"))}
