"""`foundations deploy`: run a driver as `python driver.py` would, in an environment that the command names."""

import argparse
import os
import sys
from typing import NoReturn

from foundations.cli.drivers import add_driver, add_environment, command_of, require_driver
from foundations.cli.parser import CommandError, UsageError

DESCRIPTION = """\
Run a driver as `python DRIVER ARGS` would, and end as it ends.

  foundations deploy --env gpu driver.py --epochs 3

Options of this command stand before DRIVER; all behind it is the driver's own."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the options, the driver, and whatever the driver takes."""
    add_environment(parser)
    parser.add_argument(
        "--job-name",
        metavar="NAME",
        help="the name of the job that the driver runs; if it runs several, the next are NAME-2, NAME-3, ...",
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="compute every stage, and neither read the cache nor add to it"
    )
    add_driver(parser)


def run(options: argparse.Namespace) -> NoReturn:
    """Become the driver's process, so that signals, exit status and `__main__` are as without this command.

    Raise `UsageError` where there is no such driver or environment.
    """
    require_driver(options.driver, env=options.env)
    if options.env is not None:
        os.environ["FOUNDATIONS_ENVIRONMENT"] = options.env
    if options.job_name is not None:
        os.environ["FOUNDATIONS_JOB_NAME"] = _job_name(options.job_name)
    if options.no_cache:
        os.environ["FOUNDATIONS_NO_CACHE"] = "1"
    try:
        os.execv(sys.executable, command_of(options.driver, options.arguments))  # noqa: S606 - the point is that there is no shell
    except OSError as error:
        raise CommandError(f"{sys.executable} can't be started: {error.strerror}") from error


def _job_name(name: str) -> str:
    from foundations.job_id import checked_job_name

    try:
        return checked_job_name(name)
    except ValueError as error:
        raise UsageError(str(error)) from error
