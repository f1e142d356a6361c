"""A store in memory on virtual time, as bad as one may be: late listings, lost answers, requests that come twice."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal, Self, TypeVar

from foundations_archive.envelope import unseal
from foundations_archive.errors import ArchiveDamaged, ArchiveUnreachable, NotArchived
from foundations_archive.store import Entry, require_safe_key, require_safe_prefix
from tests.archive.faults.simulation.world import Crash, When, World

# a signature on a request to S3 holds for so long: what is under way for longer is refused
IN_FLIGHT_SECONDS = 900.0
LISTING_DELAY = 300.0

_Result = TypeVar("_Result")

Create = Literal["native", "none", "lying"]


@dataclass(frozen=True)
class Weather:
    """What goes wrong, and how often (of one store call)."""

    listing_delay: float = 0.0
    create: Create = "native"
    errors: float = 0.0
    lost: float = 0.0
    late: float = 0.0
    doubled: float = 0.0
    stalls: float = 0.0
    crashes: float = 0.0
    skew: float = 0.0
    stall_seconds: tuple[float, ...] = (20.0, 90.0, 700.0, 5000.0, 40 * 3600.0)
    in_flight: float = IN_FLIGHT_SECONDS

    @classmethod
    def of(cls, random: Random) -> Self:
        """Return some weather: often fine, now and then everything at once."""

        def some(most: float) -> float:
            return random.choice((0.0, 0.0, most / 4, most))

        return cls(
            listing_delay=random.choice((0.0, 0.0, 30.0, LISTING_DELAY)),
            create=random.choice(("native", "native", "native", "none", "lying")),
            errors=some(0.02),
            lost=some(0.02),
            late=some(0.01),
            doubled=some(0.05),
            stalls=some(0.02),
            crashes=some(0.01),
            skew=random.choice((0.0, 7200.0)),
        )


@dataclass(frozen=True)
class Written:
    """One state of an object: since when, what, and whether whoever put it was told so."""

    at: float
    data: bytes | None


class SimStore:
    """Objects with virtual times; every verb lets others run first, and may be the last thing its caller does."""

    location = "sim"

    def __init__(self, world: World, weather: Weather) -> None:
        self.world, self.weather = world, weather
        self.history: dict[str, list[Written]] = {}
        self.acknowledged: dict[str, tuple[float, bytes]] = {}
        self.overwritten: list[tuple[str, str]] = []
        self._warned: set[int] = set()  # processes, which live as long as the world
        self.moves = 0  # of jobs, from one place to the next
        self._late = False
        self._keys: list[str] = []

    def get(self, key: str) -> bytes:
        require_safe_key(key)

        def effect() -> bytes:
            data = self.peek(key)
            if data is None:
                raise NotArchived(f"{key} is not in {self.location}", key=key, location=self.location)
            return data

        return self._ask("get", key, effect)

    def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        require_safe_key(key)
        body = bytes(data)
        self._write("put", key, lambda: self._set(key, body))
        self.acknowledged[key] = self.world.now, body

    def create(self, key: str, data: bytes | bytearray | memoryview) -> bool:
        require_safe_key(key)
        body = bytes(data)
        if self._looks_first() and self.head(key) is not None:
            return False

        def effect() -> bool:
            if self.weather.create == "native" and (found := self.peek(key)) is not None:
                return found == body
            self._set(key, body)
            return True

        created = self._write("create", key, effect)
        if created:
            self.acknowledged[key] = self.world.now, body
        return created

    def list(self, prefix: str) -> Iterator[Entry]:
        require_safe_prefix(prefix)
        return iter(self._ask("list", prefix, lambda: self._entries(prefix)))

    def head(self, key: str) -> Entry | None:
        require_safe_key(key)
        return self._ask("head", key, lambda: self._entry(key))

    def delete(self, key: str) -> None:
        require_safe_key(key)
        self._write("delete", key, lambda: self._set(key, None))

    def check(self) -> None:
        self._ask("check", "", lambda: None)

    def look(self) -> None:
        self._ask("look", "", lambda: None)

    def probe(self) -> bool:
        native = self._ask("probe", "", lambda: self.weather.create == "native")
        if not native:
            self.look_before_create()
        return native

    def look_before_create(self) -> None:
        self._warned.add(id(self.world.process))

    def sweep_temporary(self, older_than: float) -> int:
        return 0

    def peek(self, key: str) -> bytes | None:
        """Return what is there, as nobody in the world can know it."""
        states = self.history.get(key)
        return states[-1].data if states else None

    def keys(self, prefix: str = "") -> Sequence[str]:
        """Return what is there, whatever a listing says."""
        return sorted(
            key for key, states in self.history.items() if states[-1].data is not None and key.startswith(prefix)
        )

    def _looks_first(self) -> bool:
        """Tell whether a create looks first: where conditions are refused, or this process knows them to be ignored."""
        return self.weather.create == "none" or id(self.world.process) in self._warned

    def _entry(self, key: str) -> Entry | None:
        data = self.peek(key)
        return None if data is None else Entry(key, len(data), self.world.now - self.history[key][-1].at)

    def _entries(self, prefix: str) -> Sequence[Entry]:
        now, delay, random = self.world.now, self.weather.listing_delay, self.world.random
        found = []
        for key in self._sorted_keys():
            if key.startswith(prefix):
                # each of the servers behind a listing may lag, and not the same one answers every time
                then = now - random.random() * delay if delay else now
                state = next((state for state in reversed(self.history[key]) if state.at <= then), None)
                if state is not None and state.data is not None:
                    found.append(Entry(key, len(state.data), now - state.at))
        return found

    def _sorted_keys(self) -> Sequence[str]:
        if len(self._keys) < len(self.history):
            self._keys = sorted(self.history)
        return self._keys

    def _set(self, key: str, data: bytes | None) -> None:
        now, before = self.world.now, self.peek(key)
        if data is None and before is None:
            return
        if data is not None and before is not None and _differ(key, data, before):
            self.overwritten.append((key, "a late request" if self._late else self.world.actor.name))
        self.moves += data is None or not key.startswith(("blobs/", "live/"))
        self.history.setdefault(key, []).append(Written(now, data))

    def _ask(self, verb: str, key: str, effect: Callable[[], _Result]) -> _Result:
        crash = self._begin(verb, key)
        if crash is None and self.world.random.random() < self.weather.errors:
            raise self._unreachable(verb, key)
        if crash is not None:
            self._die(crash)
        return effect()

    def _write(self, verb: str, key: str, effect: Callable[[], _Result]) -> _Result:
        crash = self._begin(verb, key)
        weather, draw = self.weather, self.world.random.random()
        if crash == "before":
            self._die(crash)
        if crash == "late" or (crash is None and verb == "put" and draw < weather.late):
            self._again(effect)
            if crash:
                self._die(crash)
            raise self._unreachable(verb, key)
        if crash is None and draw < weather.late + weather.errors:
            raise self._unreachable(verb, key)
        result = effect()
        if crash:
            self._die(crash)
        if verb == "put" and self.world.random.random() < weather.doubled:
            self._again(effect)
        if weather.late + weather.errors < draw < weather.late + weather.errors + weather.lost:
            raise self._unreachable(verb, key)
        return result

    def _begin(self, verb: str, key: str) -> When | None:
        """Let others run, then tell whether the caller dies at this call."""
        world, random = self.world, self.world.random
        process = world.process
        if process.dead:
            raise Crash
        if random.random() < self.weather.stalls:
            process.asleep_until = world.now + min(random.choice(self.weather.stall_seconds), process.longest_stall)
        signed = world.now
        world.advance(world.now + random.random() * 0.1)
        world.pause(random.random() * process.lag)
        process.calls += 1
        world.note(f"{verb} {key}")
        if verb in ("put", "create", "delete") and world.now - signed > self.weather.in_flight:
            raise self._unreachable(verb, key)  # its signature does not hold any more
        if process.crash_at and process.crash_at[0] == process.calls:
            return process.crash_at[1]
        if process.may_crash and random.random() < self.weather.crashes:
            return random.choice(("before", "after", "late"))
        return None

    def _again(self, effect: Callable[[], object]) -> None:
        def arrive() -> None:
            self._late = True
            effect()
            self._late = False

        self.world.later(self.world.random.random() * self.weather.in_flight, arrive)

    def _die(self, when: When) -> None:
        self.world.note(f"killed {when} it")
        self.world.kill(self.world.process)
        raise Crash

    def _unreachable(self, verb: str, key: str) -> ArchiveUnreachable:
        self.world.note(f"no answer to {verb} {key}")
        return ArchiveUnreachable(f"no answer to {verb} {key}", key=key, location=self.location)


def body_of(data: bytes, key: str) -> object:
    """Return what a record says, whatever its nonce, and of what is none the bytes."""
    for kind in ("row", "job", "events", "spec", "start", "cancel", "hidden", "cache", "live"):
        try:
            return unseal(kind, data, key)
        except ArchiveDamaged:
            continue
    return data


def _differ(key: str, data: bytes, before: bytes) -> bool:
    """Tell whether a write changed what may not change; the nonce of a record that is written again may."""
    return data != before and not key.startswith("live/") and body_of(data, key) != body_of(before, key)
