"""What a dry run gives: a table of what would become of each stage, and nothing that has run."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any, NoReturn

from foundations.board import seconds_text
from foundations.difference_lines import difference_line
from foundations.differences import Difference
from foundations.entries import Fate
from foundations.printable import one_line
from foundations.stage_labels import stage_labels

if TYPE_CHECKING:
    import pandas

_TITLES = {"runs": "would run", "depends": "may run", "served": "from the cache", "skipped": "not needed"}
_MOST_ROWS = 200
_MOST_REASONS = 3


@dataclass(frozen=True)
class PlannedStage:
    """What would become of one stage; times are seconds, `made` since 1970.

    `fate` is "served" (from the cache: job `job_id` made it, where it `took` so long), "skipped" (only stages that are
    served need it), "runs", or "depends": it runs unless what it takes comes to the same again. It is `accepted` where
    that job had other code, and a user has said that its result serves this one. `why` and `differences`
    from the nearest earlier run say why it runs, `expected` how many seconds it took lately, None where that is not
    known.
    """

    id: str
    name: str
    fate: Fate
    why: str | None = None
    differences: tuple[Difference, ...] = ()
    job_id: str | None = None
    made: float | None = None
    took: float | None = None
    expected: float | None = 0.0
    accepted: bool = False

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it is so, for people, what matters most first."""
        if self.fate == "served":
            took = "" if self.took is None else f", where it took {seconds_text(self.took)}"
            accepted = ["accepted for this code (foundations cache accept)"] if self.accepted else []
            return (f"job {self.job_id}{took}", *accepted)
        told = {one.sentence for one in self.differences}
        return (*([self.why] if self.why and self.why not in told else []), *map(difference_line, self.differences))


@dataclass(frozen=True, repr=False)
class Plan:
    """What would become of the stages of a job, in the order in which they would run; `str` of it is a table.

    A driver that is only planned ends, with status 0, where it asks for what only a job that has run can tell.
    """

    stages: tuple[PlannedStage, ...]
    target: str
    environment: str
    project: str
    ends_driver: bool = False

    def __repr__(self) -> str:
        return f"<plan: {self.summary}>"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _repr_html_(self) -> str:
        labels = self._labels
        rows = "".join(
            f"<tr><td>{escape(labels[one.id])}</td><td>{_TITLES[one.fate]}</td><td>{escape(_expected(one))}</td>"
            f"<td>{'<br>'.join(escape(one_line(reason)) for reason in one.reasons[:_MOST_REASONS])}</td></tr>"
            for one in self.stages[:_MOST_ROWS]
        )
        head = "<tr><th>stage</th><th></th><th>expected</th><th>why</th></tr>"
        return f"<p>{escape(self.summary)}</p><table>{head}{rows}</table>"

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if self.ends_driver:
            print(f"foundations: the plan ends here: {name} is asked of a job that has not run", file=sys.stderr)
            raise SystemExit(0)
        raise AttributeError(f"a plan has no {name!r}: nothing has run; only a deployment may have one")

    @property
    def expected(self) -> float | None:
        """The seconds that the stages took lately that would run, or may, in all; None where that is known of none."""
        known = [one.expected for one in self.stages if one.fate in ("runs", "depends")]
        told = [seconds for seconds in known if seconds is not None]
        return sum(told) if told or not known else None

    @property
    def summary(self) -> str:
        """How many stages would run, and the like, in a line."""
        counts = Counter[str](one.fate for one in self.stages)
        told = [f"{counts[fate]:,} {title}" for fate, title in _TITLES.items() if counts[fate]]
        seconds = self.expected
        took = "" if not seconds else f"; they took {seconds_text(seconds)} in all lately"
        return f"{', '.join(told) or 'no stages'}{took}"

    def frame(self) -> "pandas.DataFrame":
        """Return a row for each stage: stage_id, stage_name, fate, why, from_job, took and expected in seconds."""
        import pandas

        rows = [
            {
                "stage_id": one.id,
                "stage_name": one.name,
                "fate": one.fate,
                "why": "; ".join(one.reasons) if one.fate != "served" else None,
                "from_job": one.job_id,
                "took": one.took,
                "expected": one.expected,
            }
            for one in self.stages
        ]
        columns = ["stage_id", "stage_name", "fate", "why", "from_job", "took", "expected"]
        return pandas.DataFrame(rows, columns=columns)

    def plain(self) -> dict[str, Any]:
        """Return all of it as what JSON can hold."""
        labels = self._labels
        stages = [
            {**vars(one), "label": labels[one.id], "differences": [each.plain() for each in one.differences]}
            for one in self.stages
        ]
        told = {"project": self.project, "environment": self.environment, "target": self.target}
        return {**told, "expected": self.expected, "stages": stages}

    @property
    def _labels(self) -> dict[str, str]:
        return stage_labels({one.id: one_line(one.name) for one in self.stages})

    def _lines(self) -> Iterator[str]:
        yield f"plan for project {one_line(self.project)}, environment {one_line(self.environment)}: {self.summary}"
        shown, labels = self.stages[:_MOST_ROWS], self._labels
        width = max((len(labels[one.id]) for one in shown), default=0)
        for one in shown:
            reasons = one.reasons
            first, *others = map(one_line, reasons[:_MOST_REASONS] or [""])
            head = f"  {labels[one.id]:{width}}  {_TITLES[one.fate]:14}  {_expected(one):>9}  "
            yield f"{head}{first}".rstrip()
            yield from (" " * len(head) + reason for reason in others)
            if len(reasons) > _MOST_REASONS:
                yield " " * len(head) + f"and {len(reasons) - _MOST_REASONS:,} more"
        if len(self.stages) > _MOST_ROWS:
            yield f"  and {len(self.stages) - _MOST_ROWS:,} more"


def _expected(one: PlannedStage) -> str:
    if one.fate in ("served", "skipped"):
        return ""
    return "?" if one.expected is None else f"~{seconds_text(one.expected)}"
