"""What a check of an archive has found: how bad it is, where, what it means, and what can be done."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["damage", "warning", "note"]
Mend = Literal["describe", "row", "marker", "lost", "cache", "pack", "stray row", "hidden", "cycle", "expected"]

CLEAN, MENDABLE, DAMAGED = 0, 1, 2

_MENDS: dict[Mend | None, str] = {
    None: "",
    "describe": "writes a descriptor anew",
    "row": "writes the row from the record that seals the job",
    "marker": "deletes the marker",
    "lost": "seals the job as Lost",
    "cache": "deletes the cache entry; the stage runs again",
    "pack": "deletes the pack and writes its rows anew",
    "stray row": "deletes the row",
    "hidden": "writes the record anew",
    "cycle": "deletes the record; the next collection only looks",
    "expected": "deletes the record; the next job asks for its entries one after the other",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be: `damage` means that data is lost, a `note` that all is well.

    `store` is 1 where it lies in a cache that has a store of its own, else 0.
    """

    severity: Severity
    key: str
    what: str
    mend: Mend | None = None
    job_id: str | None = None
    store: int = 0

    @property
    def repair(self) -> str:
        """What `check --repair` does about it; empty where nothing can be derived anew."""
        return _MENDS[self.mend]

    def plain(self) -> dict[str, Any]:
        """Return the finding as what `json` writes."""
        return {"severity": self.severity, "key": self.key, "what": self.what, "repair": self.repair or None}


@dataclass(frozen=True)
class Report:
    """What a check has found and how much it has looked at."""

    findings: Sequence[Finding]
    counts: dict[str, int] = field(default_factory=dict)
    orphans: tuple[int, int] = (0, 0)
    deep: bool = False

    @property
    def status(self) -> int:
        """0 where all is well, 1 where a repair or nobody needs to do something, 2 where data is lost."""
        severities = {finding.severity for finding in self.findings}
        return DAMAGED if "damage" in severities else MENDABLE if "warning" in severities else CLEAN
