"""Single flight: of stages that want the same key at once, in this job or in others, one computes and the rest wait."""

import sys
import threading
from contextlib import ExitStack

from foundations import current
from foundations.entries import Claim, Hit
from foundations.graph import Call
from foundations.keys.stage_keys import StageKey
from foundations.schedule import stepping_aside
from foundations.stage_cache import StageCache

# these ask the courier, which answers from memory: how often the archive is looked at is its own matter
_FIRST_PAUSE, _LONGEST_PAUSE, _GROWTH = 0.02, 0.5, 1.5


class NoLongerWanted(Exception):
    """The job has failed while a stage of it waited."""


class SingleFlight:
    """The turns of one job's stages; safe from the threads that run them."""

    def __init__(self, cache: StageCache) -> None:
        self._cache = cache
        self._ended = threading.Condition()

    def served(self, call: Call, key: StageKey) -> Hit | None:
        """Return what serves a stage after somebody else has computed it, or None where it is this one's turn to do so.

        A stage waits in vain once: for others that end without a result that serves here it does not wait again. Raise
        `NoLongerWanted` where the job has failed meanwhile.
        """
        if call.caching.refresh or call.caching.ttl == 0 or self._cache.read_only:
            return None  # what others compute would not serve here, or what is computed here nobody else
        return _Turn(self._cache, call, key, self._ended).served()

    def ended(self) -> None:
        """Let stages that wait look again: a stage of this job has ended."""
        with self._ended:
            self._ended.notify_all()


class _Turn:
    """One stage that wants to compute a key, and does nothing else meanwhile: whoever waits holds nothing."""

    def __init__(self, cache: StageCache, call: Call, key: StageKey, ended: threading.Condition) -> None:
        self._cache, self._call, self._key, self._ended = cache, call, key, ended
        self._looked: int | None = None
        self._has_waited, self._waits = False, True
        self._awaits: str | None = None
        self._died: str | None = None

    def served(self) -> Hit | None:
        while True:
            with ExitStack() as aside:
                claim = self._claim()
                if claim.then == "wait":
                    claim = self._awaited(claim, aside)
                if claim.then == "compute":
                    if self._died:
                        self._say(f"takes over from job {self._died}, which no longer shows that it lives")
                    return None
                if hit := self._cache.serve(self._call, self._key):
                    return hit
            # only who may go on takes the lease: others might wait for nothing
            self._looked = claim.after
            self._waits = not self._has_waited or claim.dead
            self._died = self._awaits if claim.dead else None

    def _claim(self) -> Claim:
        return self._cache.claim(self._call, self._key.fine, looked=self._looked, waits=self._waits)

    def _awaited(self, claim: Claim, aside: ExitStack) -> Claim:
        """Return what this stage shall do when it need not wait any more; meanwhile another one runs in its stead."""
        if not self._has_waited:
            self._has_waited = True
            if claim.job != current.job_id:
                self._say(f"waits for job {claim.job}, which computes the same")
        has_failed = aside.enter_context(stepping_aside())
        pause = _FIRST_PAUSE
        while claim.then == "wait":
            self._awaits = claim.job
            with self._ended:
                self._ended.wait(pause)
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)
            if has_failed():
                raise NoLongerWanted(f"stage {self._call.name} waited for another one, and the job has failed")
            claim = self._claim()
        return claim

    def _say(self, text: str) -> None:
        print(f"foundations: stage {self._call.name} {text}", file=sys.stderr, flush=True)
