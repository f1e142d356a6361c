"""An omniscient book of what was promised to whom, and of every promise that readers saw broken."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from foundations_archive import layout
from foundations_archive.envelope import unseal
from foundations_archive.records import JobRecord, JobSpec, plain, row_of
from tests.archive.faults.simulation.sim_store import SimStore

ENDED = frozenset({"Completed", "Failed", "Cancelled"})
_LOST_AFTER = 60.0


@dataclass
class Book:
    """What happened in one world; `broken` says which invariant, of what, and when."""

    store: SimStore
    tried: dict[str, JobSpec] = field(default_factory=dict)
    submitted: dict[str, float] = field(default_factory=dict)
    winners: Counter[str] = field(default_factory=Counter)
    contested: set[str] = field(default_factory=set)
    hiding: dict[str, float] = field(default_factory=dict)
    hidden: dict[str, float] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    looks: int = 0
    _seen: dict[str, tuple[float, str]] = field(default_factory=dict)

    @property
    def now(self) -> float:
        return self.store.world.now

    @property
    def delay(self) -> float:
        return self.store.weather.listing_delay

    def fault(self, invariant: str, what: str) -> None:
        """Write down that an invariant does not hold."""
        self.store.world.note(f"{invariant} BROKEN: {what}")
        self.broken.append(f"{invariant}: {what}")

    def submit_returned(self, spec: JobSpec) -> None:
        """Take in that a driver was told that its job is in the archive."""
        self.tried[spec.job_id] = spec
        self.submitted.setdefault(spec.job_id, self.now)
        self.winners[spec.job_id] += 1
        if self.winners[spec.job_id] > 1 and self.store.weather.create == "native":
            self.fault("I8", f"two drivers were told that {spec.job_id} is theirs")

    def saw_listing(self, job_ids: Iterable[str], *, begun: float, project: str | None, what: str) -> None:
        """I1: every submitted job is in a listing, once; a hidden one is not."""
        self.looks += 1
        times = Counter(job_ids)
        for job_id, seen in times.items():
            if seen > 1:
                self.fault("I1", f"{job_id} is {seen} times in {what}")
            if job_id not in self.tried:
                self.fault("I1", f"{job_id}, which nobody submitted, is in {what}")
            elif project not in (None, self.tried[job_id].project) and self.submitted.get(job_id, begun) < begun:
                if job_id in self.contested:
                    continue
                self.fault("I1", f"{job_id} of {self.tried[job_id].project} is in {what}")
            elif self.hidden.get(job_id, float("inf")) + self.delay < begun:
                self.fault("I1", f"{job_id}, which was hidden, is in {what}")
        for job_id, at in self.submitted.items():
            spec = self.tried[job_id]
            if project not in (None, spec.project) or job_id in times or job_id in self.hiding:
                continue
            if at + self.delay < begun and not self._moves(spec, begun) and job_id not in self.contested:
                self.fault("I1", f"{job_id}, submitted at {at:.2f}, is not in {what} begun at {begun:.2f}")

    def saw_orphans(self, job_ids: Iterable[str]) -> None:
        """I1: a job that is there is in the listings too, even one whose driver was never told."""
        there = {key.split("/")[1] for key in self.store.keys("jobs/") if key.endswith("/spec.json")}
        for job_id in there - set(job_ids) - set(self.hiding):
            self.fault("I1", f"{job_id} is there, and no listing shows it")

    def saw_row(self, spec: JobSpec, record: JobRecord, row: Mapping[str, Any], *, mended: bool = False) -> None:
        """I5: when all is over the index says what the jobs say, and none of them waits or runs."""
        if spec.job_id in self.contested:
            return
        if record.state not in ENDED | {"Lost"}:
            self.fault("I3", f"{spec.job_id} is {record.state} when everybody has gone")
        said = _as_read({key: value for key, value in row.items() if key != "sealed"})
        if said != _as_read(plain(row_of(spec, record))):
            # a courier that was taken for dead, and died between its record and its row: a repair writes that
            done, rows = self._sealed_as(spec.job_id, "/done.json"), self.store.keys(layout.ROWS)
            if mended or not (done and layout.row(spec.project, spec.job_id) not in rows):
                self.fault("I5", f"the row of {spec.job_id} says {said['status']} and its record {record.state}")

    def saw_state(self, spec: JobSpec, state: str, *, begun: float, view: str) -> None:
        """I3: what has ended stays as it ended, but for Lost, and for a watcher's word before its courier's."""
        job_id = spec.job_id
        if job_id in self.contested:
            return
        done, post = self._sealed_as(job_id, "/done.json"), self._sealed_as(job_id, "/post.json")
        if state in ENDED and state not in done | post:
            self.fault("I3", f"{view} shows {job_id} as {state}, and nobody said so")
        at, before = self._seen.get(job_id, (0.0, ""))
        if before and at < begun and state != before:
            upgraded = before in post and state in done
            # the row of who took a courier for dead counts until that courier's own is written
            behind = view in ("rows", "jobs") and state in post
            # listings may come late, and then show a job for that long as it was before; but never as lost
            late = state in ("Queued", "Running") and begun <= self._sealed_at(job_id) + self.delay
            if not (upgraded or behind or (self.delay and late)):
                self.fault("I3", f"{job_id} was {before} at {at:.2f} and is {state} in {view} begun at {begun:.2f}")
        if state in ENDED and (not before or state in done):
            self._seen[job_id] = self.now, state
        if view == "state":
            self._heart(spec, state, begun)

    def saw_events(self, job_id: str, events: Iterable[Mapping[str, Any]], *, begun: float) -> None:
        """I4: what a courier was told is archived is read, in order, and nothing twice."""
        read = [json.dumps(event, sort_keys=True) for event in events]
        place = {text: number for number, text in enumerate(read)}
        if len(place) < len(read):
            twice = [text for text, times in Counter(read).items() if times > 1]
            self.fault("I4", f"events of {job_id} are read twice: {twice[:2]}")
        last: dict[str, int] = {}
        # a courier's last word comes behind its segments
        for key, (at, data) in sorted(self.store.acknowledged.items(), key=lambda one: one[0].replace("done", "ev/~")):
            written = _events_in(key, data) if key.startswith(layout.attempts(job_id)) else []
            if at + self.delay >= begun:
                continue
            attempt = layout.attempt_of(key).removesuffix("/ev")
            for event in written:
                found = place.get(json.dumps(event, sort_keys=True))
                if found is None:
                    self.fault("I4", f"event {event['n']} of {key}, which was acknowledged, is not read")
                elif found <= last.get(attempt, -1):
                    self.fault("I4", f"event {event['n']} of {key} is not read in order")
                last[attempt] = max(last.get(attempt, -1), found or 0)

    def saw_record(self, spec: JobSpec, record: JobRecord, read: Any) -> None:
        """I2: all that a completed job names is there and is what was written; `read` gets a blob."""
        if record.state != "Completed":
            return
        for name in [spec.bundle, *_blobs_of(record)]:
            try:
                read(name)
            except Exception as error:  # noqa: BLE001
                if type(error).__name__ != "ArchiveUnreachable" and not self._raced(layout.blob(name)):
                    self.fault("I2", f"{spec.job_id} is Completed and its blob {name[:8]}: {error!r}")
        if spec.job_id not in self.contested and self._events_of(spec.job_id) + len(record.tail) < record.events:
            self.fault("I2", f"{spec.job_id} is Completed and lacks segments of its events")

    def _events_of(self, job_id: str) -> int:
        keys = [key for key in self.store.keys(layout.attempts(job_id)) if "/ev/" in key]
        return sum(len(unseal("events", self.store.peek(key) or b"", key)["events"]) for key in keys)

    def excuses(self, what: str) -> bool:
        """Tell whether this is of a job whose name two have where a store can't refuse that, or a known limit."""
        return any(job_id in what for job_id in self.contested) or self._raced(what)

    def _raced(self, key: str) -> bool:
        # a known limit: between a collector's last look at a blob and its delete there is a round trip, and no store
        # that has no conditional delete can refuse what was right when it was asked
        states = self.store.history.get(key, [])
        gone = states[-1] if states and states[-1].data is None else None
        return gone is not None and gone.at - states[-2].at <= self.store.weather.in_flight

    def check_writes(self) -> None:
        """I7: what is written once stays as it is."""
        for key, who in self.store.overwritten:
            parts = key.split("/")
            job_id = parts[1] if parts[0] == "jobs" else layout.job_of(key)
            guarded_only = key.startswith(("cache/", "foundations.json")) or key.endswith(("/post.json", "=post"))
            guarded_only = guarded_only and self.store.weather.create != "native"
            if job_id not in self.contested and not guarded_only:
                self.fault("I7", f"{who} overwrote {key} with something else")
        self.store.overwritten.clear()

    def _moves(self, spec: JobSpec, begun: float) -> bool:
        """Tell whether a late listing may miss a job: its marker was taken away just now, its row is not listed yet."""
        states = self.store.history.get(layout.live(spec.project, spec.job_id), [])
        return bool(self.delay) and any(state.data is None and state.at + self.delay >= begun for state in states)

    def _sealed_as(self, job_id: str, name: str) -> set[str]:
        found = set()
        for key in self.store.history:
            if key.startswith(layout.attempts(job_id)) and key.endswith(name):
                found |= {unseal("job", state.data, key)["state"] for state in self.store.history[key] if state.data}
        return found

    def _sealed_at(self, job_id: str) -> float:
        prefix, names = layout.attempts(job_id), ("/done.json", "/post.json")
        found = [key for key in self.store.history if key.startswith(prefix) and key.endswith(names)]
        return max(self.store.history[key][0].at for key in found)

    def _heart(self, spec: JobSpec, state: str, begun: float) -> None:
        """I9: on the store's clock alone, a job whose marker is young is not lost, and one whose marker is old is."""
        states = self.store.history.get(layout.live(spec.project, spec.job_id), [])
        before = [item for item in states if item.at <= begun]
        if not before or any(item.data is None for item in states):
            return
        if (
            state == "Lost"
            and self.now - before[-1].at < _LOST_AFTER
            and "Lost" not in self._sealed_as(spec.job_id, "/post.json")
        ):
            self.fault("I9", f"{spec.job_id} is Lost and its marker {self.now - before[-1].at:.0f} seconds old")
        if state == "Running" and begun - states[-1].at > _LOST_AFTER and len(before) == len(states):
            self.fault("I9", f"{spec.job_id} is Running and its marker {begun - states[-1].at:.0f} seconds old")


def _events_in(key: str, data: bytes) -> list[Any]:
    """Return what a courier has written down of what it was told, in a segment or in its last word."""
    if layout.is_segment(key):
        return list(unseal("events", data, key)["events"])
    return list(unseal("job", data, key)["tail"]) if key.endswith("/done.json") else []


def _as_read(row: Any) -> Any:
    return json.loads(json.dumps(row))


def _blobs_of(record: JobRecord) -> list[str]:
    values = [stage.value for stage in record.stages if stage.value]
    chunks = [name for value in values for buffer in value.buffers for name in buffer.chunks]
    return chunks + [item.manifest for stage in record.stages for item in stage.artifacts]
