"""`foundations deploy`: run a driver as `python driver.py` would, in an environment that the command names."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from foundations.cli.parser import CommandError, UsageError, near

DESCRIPTION = """\
Run a driver as `python DRIVER ARGS` would, and end as it ends.

  foundations deploy --env gpu driver.py --epochs 3

Options of this command stand before DRIVER; all behind it is the driver's own."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the options, the driver, and whatever the driver takes."""
    parser.add_argument(
        "--env", metavar="NAME", help="the environment, where the driver sets none; else FOUNDATIONS_ENVIRONMENT, local"
    )
    parser.add_argument(
        "--job-name",
        metavar="NAME",
        help="the name of the job that the driver runs; if it runs several, the next are NAME-2, NAME-3, ...",
    )
    parser.add_argument(
        "--no-cache", action="store_true", help="compute every stage, and neither read the cache nor add to it"
    )
    parser.add_argument("driver", metavar="DRIVER", help="the driver's file")
    rest = parser.add_argument("arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="what the driver gets")
    rest.required = False  # before Python 3.13 argparse says that they are


def run(options: argparse.Namespace) -> NoReturn:
    """Become the driver's process, so that signals, exit status and `__main__` are as without this command.

    Raise `UsageError` where there is no such driver or environment.
    """
    driver = driver_named(options.driver)
    if options.env is not None:
        require_environment(options.env, driver)
        os.environ["FOUNDATIONS_ENVIRONMENT"] = options.env
    if options.job_name is not None:
        os.environ["FOUNDATIONS_JOB_NAME"] = _job_name(options.job_name)
    if options.no_cache:
        os.environ["FOUNDATIONS_NO_CACHE"] = "1"
    path = f"./{options.driver}" if options.driver.startswith("-") else options.driver
    try:
        os.execv(sys.executable, [sys.executable, path, *options.arguments])  # noqa: S606 - the point is that there is no shell
    except OSError as error:
        raise CommandError(f"{sys.executable} can't be started: {error.strerror}") from error


def driver_named(text: str) -> Path:
    """Return the driver's file; raise `UsageError` where there is none."""
    path = Path(text)
    if path.is_file():
        return path
    if path.is_dir():
        raise UsageError(f"{text!r} is a folder; name the driver's file in it")
    beside = [str(path.with_name(file.name)) for file in path.parent.glob("*.py")]
    raise UsageError(f"there is no driver {text!r}{near(text, beside)}")


def require_environment(name: str, driver: Path) -> None:
    """Say what is wrong with an environment before a driver works for an hour and then asks for it."""
    from foundations.project import find_root
    from foundations.settings import load_environment

    try:
        load_environment(name, find_root(driver.resolve().parent))
    except ValueError as error:
        raise UsageError(str(error)) from error


def _job_name(name: str) -> str:
    from foundations.job_id import checked_job_name

    try:
        return checked_job_name(name)
    except ValueError as error:
        raise UsageError(str(error)) from error
