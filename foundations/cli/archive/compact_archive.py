"""`foundations archive compact`: packs the index of an archive."""

import argparse

from foundations.cli.archive.place import add_place, opened
from foundations.cli.output import Answer
from foundations.cli.parser import add_json
from foundations.printable import redacted_line
from foundations_archive.packing import compact

DESCRIPTION = """\
Pack the rows of jobs that have ended, so that whoever reads needs a few requests and not one a job. Couriers do it too,
now and then; it may be done at any time, by anyone, beside anything."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take which archive, and of which project."""
    add_place(parser)
    parser.add_argument("--project", metavar="NAME", help="only the rows of this project")
    add_json(parser)


def run(options: argparse.Namespace) -> Answer:
    """Pack, and return what was packed; the status is 1 where something of the index can't be read."""
    archive = opened(options)
    report = compact(archive, options.project)
    data = {
        "archive": redacted_line(archive.location),
        "rows": report.rows,
        "packs": report.packs,
        "deleted": report.deleted,
        "damaged": list(report.damaged),
    }
    packs = f"{report.packs:,} pack{'' if report.packs == 1 else 's'}"
    done = f"packed {report.rows:,} rows, wrote {packs}, deleted {report.deleted:,} objects that packs replace"
    lines = [
        f"archive {redacted_line(archive.location)}: {done}",
        *(f"can't be read: {key}; `foundations archive check --repair` makes it anew" for key in report.damaged),
    ]
    return Answer(data, lines, status=1 if report.damaged else 0)
