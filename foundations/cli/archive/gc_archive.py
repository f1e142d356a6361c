"""`foundations archive gc`: deletes the blobs that nothing names any more."""

import argparse
from collections.abc import Iterator
from dataclasses import asdict

from foundations.bundle import readable
from foundations.cli.archive.place import add_place, opened
from foundations.cli.output import Answer
from foundations.cli.parser import add_json
from foundations.printable import one_line, redacted_line
from foundations_archive.blobs import GRACE_SECONDS
from foundations_archive.upkeep.collection import INTERVAL_SECONDS, Collected, collect

DESCRIPTION = """\
Delete blobs that nothing names, beside jobs that run and readers that read. The first time it only notes them; those
that a run a day later finds again go. What is younger than the grace stays, and so does everything where a record can't
be read."""

_DAY = 86400.0
_HOUR = 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take which archive, whether only to look, and how careful to be."""
    add_place(parser)
    parser.add_argument("--dry-run", action="store_true", help="change nothing, say what would go")
    parser.add_argument(
        "--grace",
        metavar="DAYS",
        type=number,
        default=GRACE_SECONDS / _DAY,
        help="leave what is younger alone; default 7, less is safe only where no job runs",
    )
    parser.add_argument(
        "--min-interval",
        metavar="HOURS",
        type=number,
        default=INTERVAL_SECONDS / _HOUR,
        help="how long ago nothing must have named it already; default 24",
    )
    add_json(parser)


def number(text: str) -> float:
    """Return a number of days or hours; argparse calls it by this name when it complains."""
    found = float(text)
    if not 0 <= found < float("inf"):
        raise argparse.ArgumentTypeError(f"must be 0 or more, not {text}")
    return found


def run(options: argparse.Namespace) -> Answer:
    """Collect, and return what went; the status is 1 where nothing could go since a record can't be read."""
    archive = opened(options)
    found = collect(
        archive,
        grace=options.grace * _DAY,
        minimum_interval=options.min_interval * _HOUR,
        dry_run=options.dry_run,
    )
    data = {"dry_run": options.dry_run, "stores": [_plain(one) for one in found]}
    lines = [line for one in found for line in _lines(one)]
    return Answer(data, lines, status=1 if any(one.obstacles for one in found) else 0)


def _plain(one: Collected) -> dict[str, object]:
    pairs = {
        name: {"count": value[0], "bytes": value[1]} for name, value in asdict(one).items() if isinstance(value, tuple)
    }
    return {"archive": redacted_line(one.location), **pairs, "obstacles": one.obstacles}


def _lines(one: Collected) -> Iterator[str]:
    yield f"archive {redacted_line(one.location)}: {_sum(one.blobs)}"
    if one.obstacles:
        yield "not everything could be read or done, so nothing more is deleted:"
        yield from (f"  {one_line(obstacle)}" for obstacle in one.obstacles)
    yield f"{'would delete' if one.dry_run else 'deleted'} {_sum(one.deleted)}"
    if one.waiting[0]:
        noted = "a run without --dry-run notes them, and" if one.dry_run else "they are noted, and"
        yield f"nothing names {_sum(one.waiting)} more; {noted} one that finds that again a day later deletes them"
    if one.temporary[0]:
        what = "would delete" if one.dry_run else "deleted"
        yield f"{what} {one.temporary[0]:,} temporary files of {readable(one.temporary[1])}"
    if one.leases[0]:
        what = "would delete" if one.dry_run else "deleted"
        yield f"{what} {one.leases[0]:,} leases of long ago"


def _sum(pair: tuple[int, int]) -> str:
    return f"{pair[0]:,} blob{'' if pair[0] == 1 else 's'} of {readable(pair[1])}"
