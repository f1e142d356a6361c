"""Virtual time and a scheduler that lets one thread run at a time, so that a seed is a schedule.

An actor is a thread; actors that live and die together, as those of one program do, are a process. Whoever calls a
store or waits hands the baton to the scheduler, which picks who goes on by a seeded generator and nothing else.
"""

import heapq
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Literal

DAY = 86400.0
_BEGINNING = 1_800_000_000.0
_MOST_STEPS = 60_000

When = Literal["before", "after", "late"]


class Crash(BaseException):
    """The process of this actor has been killed: nothing that it does from here on has an effect."""


class Stuck(Exception):
    """Nobody can go on, or they go on for ever."""


@dataclass
class Process:
    """What lives, sleeps and dies together.

    `skew` is how much its clock is ahead of the store's, `lag` the most that a call takes.
    """

    name: str
    skew: float = 0.0
    lag: float = 0.0
    dead: bool = False
    signalled: bool = False
    may_crash: bool = True
    asleep_until: float = 0.0
    longest_stall: float = float("inf")
    calls: int = 0
    crash_at: tuple[int, When] | None = None


@dataclass(eq=False)
class Actor:
    """One thread of a process."""

    name: str
    process: Process
    wake: float = 0.0
    until: Callable[[], bool] | None = None
    ended: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)

    def is_ready(self, now: float) -> bool:
        return self.process.dead or self.when(now) <= now

    def when(self, now: float) -> float:
        free = self.wake > now and self.until is not None and self.until()
        return max(self.process.asleep_until, now if free else self.wake)


class World:
    """The clock, the actors, and what is under way between them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.random = random.Random(seed)
        self.now = _BEGINNING
        self.processes: list[Process] = []
        self.crashes: dict[str, tuple[int, When]] = {}
        self.failure: str | None = None
        self.trace: list[str] = []
        self._actors: list[Actor] = []
        self._threads: list[threading.Thread] = []
        self._current: Actor | None = None
        self._over = threading.Lock()
        self._coming: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._steps = 0

    @property
    def actor(self) -> Actor:
        """Who runs."""
        assert self._current is not None
        return self._current

    @property
    def running(self) -> bool:
        """Whether an actor runs, and not only time."""
        return self._current is not None

    @property
    def process(self) -> Process:
        """The process of who runs."""
        return self.actor.process

    def new_process(self, name: str, *, skew: float = 0.0) -> Process:
        process = Process(name, skew, crash_at=self.crashes.get(name))
        self.processes.append(process)
        return process

    def start(self, process: Process, name: str, target: Callable[[], None], *, main: bool = False) -> Actor:
        """Add an actor; with its `main` one a process ends, and with it its other actors."""
        actor = Actor(f"{process.name}/{name}", process, wake=self.now)
        actor.turn.acquire()
        thread = threading.Thread(target=self._live, args=(actor, target, main), daemon=True)
        self._actors.append(actor)
        self._threads.append(thread)
        thread.start()
        return actor

    def run(self) -> None:
        """Let all actors live to their ends."""
        self._over.acquire()
        if self._actors:
            self._current = self._next()
            self._current.turn.release()
            self._over.acquire()
        for thread in self._threads:
            thread.join()
        self._threads.clear()
        self._current = None
        self._over.release()

    def pause(self, seconds: float = 0.0, until: Callable[[], bool] | None = None) -> None:
        """Let others run; come back after so many seconds, or as soon as something holds."""
        actor = self.actor
        actor.wake, actor.until = self.now + seconds, until
        self._steps += 1
        if self._steps > _MOST_STEPS:
            self._give_up("goes on for ever")
        chosen = self._next()
        if chosen is not actor:
            self._current = chosen
            chosen.turn.release()
            actor.turn.acquire()
        if actor.process.dead:
            raise Crash

    def kill(self, process: Process) -> None:
        """End a process where it stands."""
        process.dead = True

    def later(self, seconds: float, effect: Callable[[], None]) -> None:
        """Let something happen by itself."""
        heapq.heappush(self._coming, (self.now + seconds, next(self._numbers), effect))

    def advance(self, until: float) -> None:
        """Let time pass, and happen what happens by then."""
        while self._coming and self._coming[0][0] <= until:
            self.now = max(self.now, self._coming[0][0])
            heapq.heappop(self._coming)[2]()
        self.now = max(self.now, until)

    def note(self, what: str) -> None:
        """Write down what happened, for whoever looks into a failure."""
        who = self._current.name if self._current else "-"
        self.trace.append(f"{self.now - _BEGINNING:12.2f} {who:24} {what}")

    def _live(self, actor: Actor, target: Callable[[], None], main: bool) -> None:
        actor.turn.acquire()
        try:
            if not actor.process.dead:
                target()
        except Crash:
            pass
        except BaseException as error:  # noqa: BLE001 - no actor may die of anything else
            self.failure = self.failure or f"{actor.name} died of {error!r}"
        actor.ended = True
        if main:
            actor.process.dead = True
        self._actors.remove(actor)
        if not self._actors:
            self._over.release()
            return
        self._current = self._next()
        self._current.turn.release()

    def _next(self) -> Actor:
        while True:
            ready = [actor for actor in self._actors if actor.is_ready(self.now)]
            if ready:
                return ready[0] if len(ready) == 1 else self.random.choice(ready)
            soonest = min(actor.when(self.now) for actor in self._actors)
            if soonest == float("inf") and not self._coming:
                self._give_up("is stuck")
                continue
            self.advance(min(soonest, self._coming[0][0]) if self._coming else soonest)

    def _give_up(self, why: str) -> None:
        self.failure = self.failure or f"the schedule {why}: {[actor.name for actor in self._actors]}"
        for process in self.processes:
            process.dead = True
