"""`foundations archive compact`: packs the index of an archive."""

import argparse

from foundations.cli.archive.place import add_place
from foundations.cli.parser import add_json

DESCRIPTION = """\
Pack the rows of jobs that have ended, so that whoever reads needs a few requests and not one a job. Couriers do it too,
now and then; it may be done at any time, by anyone, beside anything."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take which archive, and of which project."""
    add_place(parser)
    parser.add_argument("--project", metavar="NAME", help="only the rows of this project")
    add_json(parser)
