"""Drivers on a command line: the file, what it gets, and the environment that it runs in."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from foundations.cli.parser import UsageError, near


def add_environment(parser: argparse.ArgumentParser) -> None:
    """Take the environment, which `require_driver` looks at."""
    parser.add_argument(
        "--env", metavar="NAME", help="the environment, where the driver sets none; else FOUNDATIONS_ENVIRONMENT, local"
    )


def add_driver(parser: argparse.ArgumentParser, *, default: str | None = None) -> None:
    """Take a driver, which may be left out where there is a default, and behind it whatever the driver takes."""
    if default is not None:
        _add_driver_that_may_be_left_out(parser, default)
        return
    parser.add_argument("driver", metavar="DRIVER", help="the driver's file")
    rest = parser.add_argument("arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="what the driver gets")
    rest.required = False  # before Python 3.13 argparse says that they are


def require_driver(driver: str, *, env: str | None) -> None:
    """Raise `UsageError` where there is no such driver, or no such environment for it."""
    path = Path(driver)
    if path.is_dir():
        raise UsageError(f"{driver!r} is a folder; name the driver's file in it")
    if not path.is_file():
        beside = [str(path.with_name(file.name)) for file in path.parent.glob("*.py")]
        raise UsageError(f"there is no driver {driver!r}{near(driver, beside)}")
    if env is not None:
        _require_environment(env, path)


def command_of(driver: str, arguments: Sequence[str]) -> list[str]:
    """Return the command that runs a driver as `python DRIVER ARGS` would."""
    path = f"./{driver}" if driver.startswith("-") else driver
    return [sys.executable, path, *arguments]


class _DriverAndArguments(argparse.Action):
    """Takes a driver and what it gets at once."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Set both."""
        del parser, option_string
        words = [values] if isinstance(values, str) else list(values or [None])
        namespace.driver, namespace.arguments = words[0], words[1:]


def _add_driver_that_may_be_left_out(parser: argparse.ArgumentParser, default: str) -> None:
    """Take both in one: a driver of its own that need not be there would leave options before it to its arguments."""
    told = f"the driver's file, and what it gets; default: {default}"
    both = parser.add_argument(
        "driver", metavar="DRIVER", nargs=argparse.PARSER, action=_DriverAndArguments, default=None, help=told
    )
    both.required = False
    parser.set_defaults(arguments=[])


def _require_environment(name: str, driver: Path) -> None:
    """Say what is wrong with an environment before a driver works for an hour and then asks for it."""
    from foundations.project import find_root
    from foundations.settings import load_environment

    try:
        load_environment(name, find_root(driver.resolve().parent))
    except ValueError as error:
        raise UsageError(str(error)) from error
