"""All keys of a store, by what they are, and those of jobs by job and attempt."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from foundations_archive import layout
from foundations_archive.store import Entry, Store


@dataclass
class AttemptKeys:
    """What one attempt at a job has left, or who took that for dead."""

    start: str | None = None
    done: str | None = None
    post: str | None = None
    segments: list[str] = field(default_factory=list)


@dataclass
class JobKeys:
    """What there is of one job; `age` is that of the youngest of it, in seconds."""

    job_id: str
    spec: str | None = None
    cancel: str | None = None
    attempts: dict[str, AttemptKeys] = field(default_factory=dict)
    age: float = float("inf")

    @property
    def started(self) -> bool:
        """Tell whether a courier has begun."""
        return any(attempt.start for attempt in self.attempts.values())

    @property
    def seals(self) -> list[str]:
        """The records that seal the job; the first one counts."""
        attempts = [self.attempts[name] for name in sorted(self.attempts)]
        return [one.done for one in attempts if one.done] + [one.post for one in attempts if one.post]


@dataclass(frozen=True)
class Inventory:
    """The entries of a store by `layout.kind_of`; those that no version of ours has written are under None."""

    by_kind: Mapping[str | None, list[Entry]]

    def of(self, *kinds: str | None) -> list[Entry]:
        """Return the entries of some kinds."""
        return [entry for kind in kinds for entry in self.by_kind.get(kind, ())]

    def keys(self, *kinds: str | None) -> list[str]:
        """Return the keys of some kinds."""
        return [entry.key for entry in self.of(*kinds)]

    def jobs(self) -> dict[str, JobKeys]:
        """Return what there is of each job."""
        jobs: dict[str, JobKeys] = {}
        for kind in ("spec", "cancel", "start", "segment", "done", "post"):
            for entry in self.of(kind):
                job_id = layout.job_in(entry.key)
                job = jobs.setdefault(job_id, JobKeys(job_id))
                job.age = min(job.age, entry.age)
                _add(job, kind, entry.key)
        return jobs


def inventory(store: Store, prefix: str = "") -> Inventory:
    """Return what a store holds, by one listing."""
    return sorted_by_kind(store.list(prefix))


def sorted_by_kind(entries: Iterable[Entry]) -> Inventory:
    """Return entries by what they are."""
    by_kind: dict[str | None, list[Entry]] = {}
    for entry in entries:
        by_kind.setdefault(layout.kind_of(entry.key), []).append(entry)
    return Inventory(by_kind)


def _add(job: JobKeys, kind: str, key: str) -> None:
    match kind:
        case "spec":
            job.spec = key
        case "cancel":
            job.cancel = key
        case "segment":
            _attempt(job, key).segments.append(key)
        case "start":
            _attempt(job, key).start = key
        case "done":
            _attempt(job, key).done = key
        case _:
            _attempt(job, key).post = key


def _attempt(job: JobKeys, key: str) -> AttemptKeys:
    return job.attempts.setdefault(layout.attempt_in(key), AttemptKeys())
