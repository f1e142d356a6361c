"""Which archive a command is about."""

import argparse
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from foundations.archives import archive_of
from foundations.cli.parser import CommandError, UsageError
from foundations.printable import redacted_line
from foundations.project import find_root
from foundations.settings import Environment, load_environment, signing_key_override
from foundations_archive import layout
from foundations_archive.archive import Archive, open_archive
from foundations_archive.descriptor import read_descriptor
from foundations_archive.s3_connection import S3Settings
from foundations_archive.signing import read_signing_key

_LOOKED_AT = 10_000


def add_place(parser: argparse.ArgumentParser) -> None:
    """Let a command take which archive it is about."""
    parser.add_argument(
        "--env", metavar="NAME", help="the archive of this environment; default: FOUNDATIONS_ENVIRONMENT, local"
    )
    parser.add_argument(
        "--archive",
        metavar="LOCATION",
        help="this archive, a directory or s3://bucket/prefix; on S3 as the AWS variables say, or as --env does",
    )


def opened(options: argparse.Namespace) -> Archive:
    """Return the archive that the options name; raise `CommandError` where there is none."""
    if options.archive is None:
        archive = archive_of(environment(options.env))
    else:
        there = environment(options.env) if options.env else None
        key_file = there.signing_key_file if there else signing_key_override()
        archive = open_archive(
            options.archive,
            s3=asdict(there.s3) if there else None,
            signing=read_signing_key(key_file) if key_file else None,
        )
    if read_descriptor(archive.store) is None and not _has_something_of_ours(archive):
        place = redacted_line(archive.location)
        raise CommandError(f"there is no archive at {place}; the first job makes it, or name another one")
    return archive


def _has_something_of_ours(archive: Archive) -> bool:
    # what else lies there may be as large as it likes
    first = islice(archive.store.list(""), _LOOKED_AT)
    return any(layout.kind_of(entry.key) is not None for entry in first)


def environment(name: str | None) -> Environment:
    """Return an environment of the project that this folder belongs to; raise `UsageError` where there is none."""
    try:
        return load_environment(name, find_root(Path.cwd()))
    except ValueError as error:
        raise UsageError(str(error)) from error


def settings(name: str | None) -> S3Settings:
    """Return how an environment reaches S3; without a name it is as the AWS variables and files say."""
    return S3Settings(**asdict(environment(name).s3)) if name else S3Settings()
