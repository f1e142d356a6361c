"""What is drawn, as plain data: boxes, arrows between them, and what stands above."""

from dataclasses import dataclass

from foundations.pictures.text import cut

TIMES = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Node:
    """A box: a stage, or several; `said` is what became of it and `tip` what does not fit."""

    name: str
    count: int = 1
    details: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()
    status: str | None = None
    said: tuple[str, ...] = ()
    target: bool = False
    tip: str = ""

    def title(self, columns: int) -> str:
        """Return the name, cut to so many columns, and behind it for how many stages the box stands."""
        return cut(self.name, columns) + (f" {TIMES} {self.count:,}" if self.count > 1 else "")

    def lines(self, columns: int) -> list[str]:
        """Return what stands below the name, each line cut to so many columns."""
        marks = [" · ".join(self.marks)] if self.marks else []
        return [cut(line, columns) for line in (*self.details, *marks, *self.said)]


@dataclass(frozen=True)
class Edge:
    """An arrow between two boxes, by their places; `required` where no result is handed on."""

    start: int
    end: int
    label: str = ""
    required: bool = False


@dataclass(frozen=True)
class Drawing:
    """A picture before it has a format; every box stands behind those that it needs."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    remarks: tuple[str, ...] = ()
