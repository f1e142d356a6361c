"""What an archive holds, counted: jobs by project and state, bytes by kind, what is largest, what nothing names."""

import heapq
import warnings
from collections import Counter
from dataclasses import dataclass, field

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.blobs import content_size
from foundations_archive.upkeep.inventory import Inventory, inventory
from foundations_archive.upkeep.marking import marked

_MOST = 10


@dataclass(frozen=True)
class Statistics:
    """Numbers of objects and their bytes come in pairs; `unreferenced` is None where a record can't be read.

    What several jobs share counts for each of them in `largest_jobs`.
    """

    location: str
    projects: dict[str, dict[str, int]]
    hidden: int
    kinds: dict[str, tuple[int, int]]
    largest_jobs: list[tuple[str, int]]
    largest_blobs: list[tuple[str, int]]
    unreferenced: tuple[int, int] | None
    unreadable: list[str] = field(default_factory=list)


def statistics(archive: Archive, *, most: int = _MOST) -> Statistics:
    """Return what an archive holds, and a cache that has a store of its own with it; every record is read once."""
    found = inventory(archive.store)
    sizes = {layout.digest_in(entry.key): entry.size for entry in found.of("blob")}
    jobs = dict.fromkeys((job for job in found.jobs()), 0)
    for entry in found.of("spec", "cancel", "start", "segment", "done", "post"):
        jobs[layout.job_in(entry.key)] += entry.size

    def count(owner: str, names: set[str]) -> None:
        if owner in jobs:
            jobs[owner] += sum(content_size(sizes[name]) for name in names if name in sizes)

    names, unreadable = marked(archive.store, found, each=count)
    dead = sizes.keys() - names
    unreferenced = None if unreadable else (len(dead), sum(sizes[digest] for digest in dead))
    kinds = _kinds(found)
    if archive.has_cache_elsewhere:
        kinds |= {f"cache store: {kind}": pair for kind, pair in _kinds(inventory(archive.cache_store)).items()}
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        projects = _projects(archive)
    unreadable += [str(warning.message) for warning in told]
    return Statistics(
        archive.location,
        projects,
        len(found.of("hidden")),
        kinds,
        heapq.nlargest(most, jobs.items(), key=lambda job: job[1]),
        heapq.nlargest(most, sizes.items(), key=lambda blob: blob[1]),
        unreferenced,
        unreadable,
    )


def _projects(archive: Archive) -> dict[str, dict[str, int]]:
    states: dict[str, Counter[str]] = {}
    for group in archive.table().all_groups():
        for project, status in zip(group.plain_field("project"), group.plain_field("status"), strict=True):
            states.setdefault(project, Counter())[status] += 1
    return {project: dict(sorted(counts.items())) for project, counts in sorted(states.items())}


def _kinds(found: Inventory) -> dict[str, tuple[int, int]]:
    listed = {kind or "foreign": entries for kind, entries in found.by_kind.items()}
    return {
        kind: (len(listed[kind]), sum(entry.size for entry in listed[kind]))
        for kind in (*layout.KINDS, "foreign")
        if kind in listed
    }
