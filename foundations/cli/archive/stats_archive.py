"""`foundations archive stats`: what an archive holds, counted."""

import argparse
from collections.abc import Iterator, Sequence

from foundations.bundle import readable
from foundations.cli.archive.place import add_place, opened
from foundations.cli.output import Answer, aligned
from foundations.cli.parser import add_json
from foundations.printable import one_line, printable, redacted_line
from foundations_archive.upkeep.stats import Statistics, statistics

DESCRIPTION = """\
Say what an archive holds: jobs by project and state, objects and bytes by kind, the largest jobs and blobs, and how
much nothing names any more. Every record is read once."""

_MOST = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take which archive."""
    add_place(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> Answer:
    """Return the counts."""
    found = statistics(opened(options))
    pair = found.unreferenced
    data = {
        "archive": redacted_line(found.location),
        "projects": found.projects,
        "hidden": found.hidden,
        "objects": {kind: {"count": count, "bytes": size} for kind, (count, size) in found.kinds.items()},
        "largest_jobs": [{"job_id": job_id, "bytes": size} for job_id, size in found.largest_jobs],
        "largest_blobs": [{"digest": digest, "bytes": size} for digest, size in found.largest_blobs],
        "unreferenced": pair and {"count": pair[0], "bytes": pair[1]},
        "unreadable": found.unreadable,
    }
    return Answer(data, list(_lines(found)))


def _lines(found: Statistics) -> Iterator[str]:
    yield f"archive {redacted_line(found.location)}"
    yield from _section("jobs", [(printable(name), _states(counts)) for name, counts in found.projects.items()])
    if found.hidden:
        yield f"  and {found.hidden:,} hidden"
    rows = [(kind, f"{count:,}", readable(size)) for kind, (count, size) in found.kinds.items()]
    yield from _section("objects", rows)
    yield from _section("largest jobs", [(job_id, readable(size)) for job_id, size in found.largest_jobs[:_MOST]])
    yield from _section("largest blobs", [(name, readable(size)) for name, size in found.largest_blobs[:_MOST]])
    yield ""
    if found.unreferenced is None:
        yield "what nothing names can't be told, since these can't be read:"
        yield from (f"  {one_line(text)}" for text in found.unreadable)
    else:
        yield f"{found.unreferenced[0]:,} blobs of {readable(found.unreferenced[1])} that nothing names"


def _section(title: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        yield from ("", title)
        yield from (f"  {line}" for line in aligned(rows))


def _states(counts: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {state}" for state, number in counts.items())
