"""The command `foundations`: each command is a module here, imported when it is the one that was called.

Exit status: 0 done, 1 it could not be done, 2 the command line is wrong, 130 Ctrl-C; `deploy` ends as its driver does.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from importlib import import_module
from typing import Protocol, cast

from foundations.cli.output import (
    Answer,
    Unprintable,
    complain,
    discard_the_rest,
    escape_what_cannot_be_encoded,
    show,
)
from foundations.cli.parser import CommandError, HelpWanted, Parser, UsageError, near, new_parser, parsed

_COMMANDS = {
    "deploy": "run a driver in an environment",
    "info": "list the environments and say whether they answer",
    "init": "make a project that runs as it is",
}
_INTERRUPTED = 130
_NOBODY_READS = 141  # what a shell reports of a program that SIGPIPE ended


class Command(Protocol):
    """What a module of this package has."""

    DESCRIPTION: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what the command takes."""

    def run(self, options: Namespace) -> Answer:
        """Do it; raise `UsageError`, `CommandError` or an error of ours where it can't be done."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line, by default this process's own, and return its exit status."""
    escape_what_cannot_be_encoded()
    try:
        return _status(list(sys.argv[1:] if arguments is None else arguments))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        discard_the_rest()
        return _NOBODY_READS
    except Unprintable as error:
        complain(error, as_json=False)
        discard_the_rest()
        return 1


def _status(arguments: list[str]) -> int:
    as_json = "--json" in arguments  # as far as is known before the rest is understood
    try:
        place = next((place for place, word in enumerate(arguments) if not word.startswith("-")), len(arguments))
        if parsed(_parser(), arguments[:place]).version:
            return _said(_version())
        if place == len(arguments):
            return _said(_parser().format_help().rstrip())
        command, parser = _command(arguments[place])
        options = parsed(parser, arguments[place + 1 :])
        as_json = getattr(options, "json", False)
        answer = command.run(options)
    except HelpWanted as help_wanted:
        return _said(str(help_wanted))
    except UsageError as error:
        complain(error, as_json=as_json)
        return 2
    except Exception as error:
        if not _is_ours(error):
            raise
        complain(error, as_json=as_json)
        return 1
    show(answer, as_json=as_json)
    return answer.status


def _parser() -> Parser:
    width = max(map(len, _COMMANDS))
    commands = "\n".join(f"  {name.ljust(width)}  {summary}" for name, summary in _COMMANDS.items())
    parser = new_parser(
        "foundations",
        "Run the stages of a Python model in containers.",
        usage="foundations [--help] [--version] COMMAND ...",
        epilog=f"commands:\n{commands}\n\n`foundations COMMAND --help` says what a command takes.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    return parser


def _command(name: str) -> tuple[Command, Parser]:
    if name not in _COMMANDS:
        hint = near(name, _COMMANDS) or f"; commands: {', '.join(_COMMANDS)}"
        raise UsageError(f"there is no command {name!r}{hint}")
    command = cast("Command", import_module(f"foundations.cli.{name}"))  # a module has what the protocol asks
    parser = new_parser(f"foundations {name}", command.DESCRIPTION)
    command.add_arguments(parser)
    return command, parser


def _said(text: str) -> int:
    show(Answer({}, [text]), as_json=False)
    return 0


def _version() -> str:
    from importlib.metadata import version

    return f"foundations {version('foundations')}"


def _is_ours(error: Exception) -> bool:
    if isinstance(error, CommandError):
        return True
    from foundations.errors import ArchiveError, FoundationsError, ImageError, RunnerError

    return isinstance(error, ArchiveError | FoundationsError | ImageError | RunnerError)
