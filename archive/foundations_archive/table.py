"""The rows of jobs, most of them by columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from operator import itemgetter
from typing import Any

from foundations_archive.groups import Group, grouped


@dataclass(frozen=True)
class Table:
    """The rows of jobs: those in packs by columns, the others one by one; each job is in it once."""

    groups: Sequence[Group]
    rows: Sequence[Mapping[str, Any]]

    def __bool__(self) -> bool:
        return bool(self.groups or self.rows)

    def all_rows(self) -> list[dict[str, Any]]:
        """Return every row, oldest first."""
        rows = [*map(dict, self.rows), *(row for group in self.groups for row in group.rows())]
        return sorted(rows, key=itemgetter("created", "job_id"))

    def all_groups(self) -> list[Group]:
        """Return every row, in groups of one shape."""
        return [*self.groups, *grouped(self.rows)[0]]

    def sealed(self, *, before: float = inf) -> list[tuple[str, str | None]]:
        """Return the jobs that were made `before`, and of each that has ended what seals it, oldest first."""
        jobs = [(row["created"], row["job_id"], row.get("sealed")) for row in self.rows]
        for group in self.groups:
            pairs = zip(group.ages(), group.plain_field("sealed"), strict=True)
            jobs += [(created, job, sealed) for (created, job), sealed in pairs]
        return [(job, sealed) for created, job, sealed in sorted(jobs, key=itemgetter(0, 1)) if created < before]
