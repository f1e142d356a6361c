"""`foundations archive copy`: all of an archive to another place."""

import argparse
import sys
import time

from foundations.bundle import readable
from foundations.cli.archive.place import settings
from foundations.cli.output import Answer
from foundations.cli.parser import add_json
from foundations.printable import redacted_line
from foundations_archive.location import open_store
from foundations_archive.upkeep.copying import Progress, copy

DESCRIPTION = """\
Copy all of an archive, between directories and S3 either way. What is there already is skipped, so a copy that was
interrupted is taken up again, and a job that ran meanwhile is finished by a second copy. Nothing is deleted at SRC.

  foundations archive copy /data/archive s3://bucket/archive"""

_OFTEN = 0.2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take from where and to where."""
    parser.add_argument("source", metavar="SRC", help="the archive: a directory or s3://bucket/prefix")
    parser.add_argument("target", metavar="DST", help="where it goes: an empty place, or an earlier copy")
    parser.add_argument("--source-env", metavar="NAME", help="reach SRC on S3 as this environment does")
    parser.add_argument("--target-env", metavar="NAME", help="reach DST on S3 as this environment does")
    parser.add_argument(
        "--verify", action="store_true", help="compare what is there already too, and write it anew where it differs"
    )
    add_json(parser)


def run(options: argparse.Namespace) -> Answer:
    """Copy; the status is 1 where something at SRC is damaged and was left out."""
    source = open_store(options.source, settings(options.source_env))
    target = open_store(options.target, settings(options.target_env))
    done = copy(source, target, verify=options.verify, progress=_progress())
    data = {
        "source": redacted_line(source.location),
        "target": redacted_line(target.location),
        "copied": {"count": done.copied[0], "bytes": done.copied[1]},
        "there": {"count": done.there[0], "bytes": done.there[1]},
        "damaged": done.damaged,
    }
    what = f"copied {done.copied[0]:,} objects of {readable(done.copied[1])} to {redacted_line(target.location)}"
    lines = [
        f"{what}; {done.there[0]:,} were there already",
        *(f"left out, since it is damaged: {key}" for key in done.damaged),
    ]
    return Answer(data, lines, status=1 if done.damaged else 0)


def _progress() -> Progress | None:
    """Return what shows how far a copy is, on a terminal; anywhere else nobody watches."""
    if not sys.stderr.isatty():
        return None
    last = 0.0

    def show(done: int, total: int, size: int) -> None:
        nonlocal last
        if time.monotonic() - last >= _OFTEN or done == total:
            last = time.monotonic()
            end = "\n" if done == total else ""
            print(f"\r\033[K{done:,} of {total:,} objects, {readable(size)}", end=end, file=sys.stderr, flush=True)

    return show
