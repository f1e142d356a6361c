"""Rows by columns: what a pack holds, and what a frame is made from without a step for each job."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

from foundations_archive import layout
from foundations_archive.columns import Column, concatenated

Row = Mapping[str, Any]

_PARTS = ("parameters", "arguments", "tags", "metrics")


@dataclass(frozen=True)
class Shape:
    """What the rows of a group have in common: their fields, and the names of all that they hold, in order."""

    fields: tuple[str, ...]
    parameters: tuple[str, ...]
    arguments: tuple[tuple[str, int], ...]
    tags: tuple[str, ...]
    metrics: tuple[str, ...]

    @classmethod
    def of(cls, row: Row) -> "Shape":
        """Return the shape of a row; raise `ValueError` or the like for what is no row."""
        fields = tuple(sorted(name for name in row if name not in _PARTS and name != "job_id"))
        metrics = tuple(name for name, _ in row["metrics"])
        arguments = tuple((name, place) for name, place, _ in row["arguments"])
        shape = cls(fields, tuple(row["parameters"]), arguments, tuple(row["tags"]), metrics)
        shape._check()
        if type(row["job_id"]) is not str or not all(isinstance(values, list | tuple) for _, values in row["metrics"]):
            raise ValueError("its job has no name, or a metric no values")
        if not _is_time(row["created"]) or not all(_is_time(row[name], none=True) for name in ("started", "ended")):
            raise ValueError("a time in it is none")
        return shape

    @classmethod
    def of_lists(cls, lists: Sequence[Sequence[Any]]) -> "Shape":
        """Return the shape that `lists` gave."""
        fields, parameters, arguments, tags, metrics = lists
        places = tuple((name, place) for name, place in arguments)
        shape = cls(tuple(fields), tuple(parameters), places, tuple(tags), tuple(metrics))
        shape._check()
        return shape

    def lists(self) -> list[Sequence[Any]]:
        """Return the shape as what `json` writes."""
        return [self.fields, self.parameters, self.arguments, self.tags, self.metrics]

    @property
    def width(self) -> int:
        """How many columns such a group has."""
        return sum(map(len, self.lists()))

    def _check(self) -> None:
        names = (*self.fields, *self.parameters, *self.tags, *self.metrics, *(name for name, _ in self.arguments))
        if not all(type(name) is str for name in names) or not all(type(place) is int for _, place in self.arguments):
            raise ValueError("a name in it is none")
        missing = {"project", "user", "status", "created", "started", "ended"}.difference(self.fields)
        if missing:
            raise ValueError(f"it lacks {', '.join(sorted(missing))}")
        if len(set(self.metrics)) < len(self.metrics):
            raise ValueError("a metric is in it twice")


@dataclass(frozen=True)
class Group:
    """The rows of several jobs of one shape; `columns` are in the order of the shape."""

    shape: Shape
    jobs: Sequence[str]
    columns: Sequence[Column]

    def field(self, name: str) -> Column | None:
        """Return the column of a field of the rows, or None where they have no such field."""
        return self.columns[self.shape.fields.index(name)] if name in self.shape.fields else None

    def plain_field(self, name: str) -> list[Any]:
        """Return the values of a field as records have them; None, one each, where the rows have no such field."""
        column = self.field(name)
        return [None] * len(self.jobs) if column is None else column.plain()

    def ages(self) -> list[tuple[float, str]]:
        """Return what the rows are ordered by: when each job was made, and its name."""
        created = self.field("created")
        assert created is not None
        return list(zip(created.values, self.jobs, strict=True))

    def parts(self) -> tuple[Sequence[Column], Sequence[Column], Sequence[Column], Sequence[Column]]:
        """Return the columns of parameters, arguments, tags and metrics."""
        columns = iter(self.columns[len(self.shape.fields) :])
        lengths = (len(self.shape.parameters), len(self.shape.arguments), len(self.shape.tags), len(self.shape.metrics))
        parameters, arguments, tags, metrics = ([next(columns) for _ in range(length)] for length in lengths)
        return parameters, arguments, tags, metrics

    def check(self) -> None:
        """Raise `ValueError` unless there is a column for everything that the shape names, and times are times."""
        if len(self.columns) != self.shape.width or not all(type(job) is str for job in self.jobs):
            raise ValueError("it has not all the columns that it says")
        for name in ("created", "started", "ended"):
            if not all(_is_time(value, none=name != "created") for value in self.plain_field(name)):
                raise ValueError(f"a time in {name!r} is none")

    def take(self, places: Sequence[int]) -> "Group":
        """Return the group of some of the jobs, in the order of `places`."""
        jobs = [self.jobs[place] for place in places]
        return Group(self.shape, jobs, [column.take(places) for column in self.columns])

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the rows as they were."""
        shape, (parameters, arguments, tags, metrics) = self.shape, self.parts()
        fields = _across([column.plain() for column in self.columns[: len(shape.fields)]], len(self.jobs))
        cells = [_across([column.plain() for column in part], len(self.jobs)) for part in (parameters, arguments, tags)]
        logged = _across([column.series() for column in metrics], len(self.jobs))
        for job, values, given, passed, tagged, series in zip(self.jobs, fields, *cells, logged, strict=True):
            yield {
                **dict(zip(shape.fields, values, strict=True)),
                "job_id": job,
                "parameters": dict(zip(shape.parameters, given, strict=True)),
                "arguments": [[*where, value] for where, value in zip(shape.arguments, passed, strict=True)],
                "tags": dict(zip(shape.tags, tagged, strict=True)),
                "metrics": [[name, list(those)] for name, those in zip(shape.metrics, series, strict=True)],
            }


def grouped(rows: Sequence[Row]) -> tuple[list[Group], list[list[int]]]:
    """Return rows by their shapes, and where among `rows` those of each group stand."""
    by_shape: dict[Shape, list[int]] = {}
    for place, row in enumerate(rows):
        by_shape.setdefault(Shape.of(row), []).append(place)
    groups = [_group(shape, [rows[place] for place in places]) for shape, places in by_shape.items()]
    return groups, list(by_shape.values())


def merged(groups: Iterable[Group]) -> list[Group]:
    """Return groups of one shape as one, with every job once, sorted by age: the same rows give the same groups."""
    by_shape: dict[Shape, list[Group]] = {}
    for group in each_once(list(groups)):
        by_shape.setdefault(group.shape, []).append(group)
    return sorted((_joined(several) for several in by_shape.values()), key=lambda group: group.ages()[0])


def ordered(groups: Sequence[Group]) -> list[list[int]]:
    """Return for each row of each group where it stands when all are sorted by age."""
    ages = list(chain.from_iterable(group.ages() for group in groups))
    ranks = [0] * len(ages)
    for rank, place in enumerate(sorted(range(len(ages)), key=ages.__getitem__)):
        ranks[place] = rank
    starts = [0]
    for group in groups:
        starts.append(starts[-1] + len(group.jobs))
    return [ranks[start:end] for start, end in pairwise(starts)]


def _group(shape: Shape, rows: Sequence[Row]) -> Group:
    arguments = [[value for _, _, value in row["arguments"]] for row in rows]
    metrics = [[values for _, values in row["metrics"]] for row in rows]
    columns = [Column.of([row[name] for row in rows]) for name in shape.fields]
    columns += [Column.of([row["parameters"][name] for row in rows]) for name in shape.parameters]
    columns += [Column.of(list(values)) for values in zip(*arguments, strict=True)]
    columns += [Column.of([row["tags"][name] for row in rows]) for name in shape.tags]
    columns += [Column.of_metric(list(values)) for values in zip(*metrics, strict=True)]
    return Group(shape, [row["job_id"] for row in rows], columns)


def each_once(groups: Sequence[Group]) -> Iterator[Group]:
    """Yield what is left of groups when each job counts once: as its courier sealed it, if that is there."""
    chosen: dict[str, tuple[bool, int, int]] = {}
    for number, group in enumerate(groups):
        for place, (job, sealed) in enumerate(zip(group.jobs, group.plain_field("sealed"), strict=True)):
            by_courier = not (isinstance(sealed, str) and layout.is_by_watcher(sealed))
            if job not in chosen or (by_courier and not chosen[job][0]):
                chosen[job] = (by_courier, number, place)
    for number, group in enumerate(groups):
        kept = [place for place, job in enumerate(group.jobs) if chosen[job][1:] == (number, place)]
        if kept:
            yield group if len(kept) == len(group.jobs) else group.take(kept)


def _joined(groups: Sequence[Group]) -> Group:
    ages = list(chain.from_iterable(group.ages() for group in groups))
    order = sorted(range(len(ages)), key=ages.__getitem__)
    first = groups[0]
    if len(groups) == 1 and order == list(range(len(order))):
        return first
    columns = [concatenated([group.columns[number] for group in groups], order) for number in range(first.shape.width)]
    jobs = list(chain.from_iterable(group.jobs for group in groups))
    return Group(first.shape, [jobs[place] for place in order], columns)


def _across(columns: Sequence[Sequence[Any]], count: int) -> Iterable[tuple[Any, ...]]:
    return zip(*columns, strict=True) if columns else [()] * count


def _is_time(value: Any, *, none: bool = False) -> bool:
    return type(value) in (int, float) or (none and value is None)
