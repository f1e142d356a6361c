"""The order in which a job's stages run: each once, when all that it needs has run, several at a time."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush

from foundations.graph import Call, StageGraph
from foundations.keys.attribution import count_as_workers

Do = Callable[[Call], None]

_here = threading.local()


def run_in_order(graph: StageGraph, run: Do, *, settle: Do, threads: int) -> None:
    """Run every call of `graph`, up to `threads` at a time, this thread's among them.

    Of the calls that could run the one that the driver made first does. `settle` hears of each that has run, one at a
    time. The first error that `run` raises is raised again, once those that were running have ended; nothing else
    begins meanwhile.
    """
    crew = _Crew(graph, run, settle=settle, limit=threads)
    crew.work()
    crew.dismiss()


@contextmanager
def stepping_aside() -> Iterator[Callable[[], bool]]:
    """Let another call run in the stead of this one, which waits meanwhile; give what tells whether one has failed.

    Afterwards no more run at once than before: this one goes on when it is its turn again.
    """
    crew: _Crew | None = getattr(_here, "crew", None)
    if crew is None:
        yield lambda: False
        return
    crew.leave()
    try:
        yield crew.has_failed
    finally:
        crew.come_back()


class _Crew:
    """Threads that take the next call as soon as they have done one; more of them come only when there is work."""

    def __init__(self, graph: StageGraph, run: Do, *, settle: Do, limit: int) -> None:
        self._calls, self._run, self._settle, self._limit = graph.calls, run, settle, limit
        places = {call.id: place for place, call in enumerate(graph.calls)}
        self._missing = [len(call.parents) for call in graph.calls]
        self._consumers: list[list[int]] = [[] for _ in graph.calls]
        for place, call in enumerate(graph.calls):
            for parent in call.parents:
                self._consumers[places[parent]].append(place)
        self._ready = [place for place, missing in enumerate(self._missing) if not missing]
        self._running = self._idle = 0
        self._aside = self._returning = 0  # of those that run
        self._failure: BaseException | None = None
        lock = threading.Lock()
        self._changed, self._freed = threading.Condition(lock), threading.Condition(lock)
        self._threads: list[threading.Thread] = []

    def work(self) -> None:
        """Run calls until nothing is left to run, and nothing runs."""
        count_as_workers()
        _here.crew = self
        done: int | None = None
        while (place := self._next(done)) is not None:
            try:
                self._run(self._calls[place])
            except BaseException as error:  # noqa: BLE001 - raised again by whoever dismisses the crew
                self._fail(error)
                done = None
            else:
                done = place
        _here.crew = None

    def leave(self) -> None:
        """Count the call of this thread as one that only waits."""
        with self._changed:
            self._aside += 1
            self._freed.notify()
            if self._ready and self._failure is None:
                self._call_for_help()

    def come_back(self) -> None:
        """Return when the call of this thread may go on."""
        with self._freed:
            self._returning += 1
            while self._running - self._aside >= self._limit:
                self._freed.wait()
            self._returning -= 1
            self._aside -= 1

    def has_failed(self) -> bool:
        """Tell whether a call has failed, so that nothing else begins."""
        return self._failure is not None

    def dismiss(self) -> None:
        """Wait for the threads; raise what a call raised."""
        for thread in self._threads:
            thread.join()
        if self._failure is not None:
            raise self._failure

    def _next(self, done: int | None) -> int | None:
        with self._changed:
            if done is not None:
                self._note(done)
            while True:
                if self._ready and self._failure is None and self._has_room():
                    self._running += 1
                    place = heappop(self._ready)
                    if self._ready:
                        self._call_for_help()
                    return place
                # a thread that ended would take along the processes that it has started: all end together
                if not self._running:
                    self._changed.notify_all()
                    return None
                self._idle += 1
                self._changed.wait()
                self._idle -= 1

    def _has_room(self) -> bool:
        # who has waited goes first
        return self._running - self._aside + self._returning < self._limit

    def _note(self, done: int) -> None:
        self._running -= 1
        self._freed.notify()
        for consumer in self._consumers[done]:
            self._missing[consumer] -= 1
            if not self._missing[consumer]:
                heappush(self._ready, consumer)
        self._settle(self._calls[done])

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._running -= 1
            self._freed.notify()
            self._failure = self._failure or error

    def _call_for_help(self) -> None:
        if self._idle:
            self._changed.notify()
        elif len(self._threads) + 1 < self._limit + self._aside:
            thread = threading.Thread(target=self.work, name=f"stages {len(self._threads) + 2}", daemon=True)
            self._threads.append(thread)
            thread.start()
