"""The command `foundations`: each command is a module here, imported when it is the one that was called.

Exit status: 0 done, 1 it could not be done, 2 the command line is wrong, 130 Ctrl-C; `deploy` ends as its driver does,
and `archive check` with 2 where data is lost.
"""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
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
    "archive": "look after an archive: check, gc, stats, copy, serve, compact",
    "cache": "look after cached results: accept",
    "deploy": "run a driver in an environment",
    "info": "list the environments and say whether they answer",
    "init": "make a project that runs as it is",
    "plan": "say what a driver's jobs would run, without running them",
    "why": "say why stages of a job came from the cache, or did not",
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


class Group(Protocol):
    """What a package of this package has, whose modules are commands."""

    DESCRIPTION: str
    COMMANDS: Mapping[str, str]


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
        before, name, rest = _split(arguments)
        if parsed(_parser(), before).version:
            return _said(_version())
        if name is None:
            return _said(_parser().format_help().rstrip())
        command, parser, rest = _command(name, rest)
        options = parsed(parser, rest)
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
    if answer.data or answer.lines:
        show(answer, as_json=as_json)
    return answer.status


def _split(arguments: Sequence[str]) -> tuple[Sequence[str], str | None, Sequence[str]]:
    """Return the options before the name of a command, the name, and what is behind it."""
    place = next((place for place, word in enumerate(arguments) if not word.startswith("-")), len(arguments))
    return arguments[:place], next(iter(arguments[place : place + 1]), None), arguments[place + 1 :]


def _parser() -> Parser:
    parser = _parser_of_several(
        "foundations", "Run the stages of a Python model in containers.", _COMMANDS, options="[--help] [--version]"
    )
    parser.add_argument("--version", action="store_true", help="print the version and exit")
    return parser


def _parser_of_several(
    program: str, description: str, commands: Mapping[str, str], *, options: str = "[--help]"
) -> Parser:
    width = max(map(len, commands))
    listed = "\n".join(f"  {name.ljust(width)}  {summary}" for name, summary in commands.items())
    return new_parser(
        program,
        description,
        usage=f"{program} {options} COMMAND ...",
        epilog=f"commands:\n{listed}\n\n`{program} COMMAND --help` says what a command takes.",
    )


def _command(name: str, rest: Sequence[str]) -> tuple[Command, Parser, Sequence[str]]:
    """Return a command, its parser and its arguments; raise `HelpWanted` where only half of its name is there."""
    _require_known(name, _COMMANDS)
    module = import_module(f"foundations.cli.{name}")
    if hasattr(module, "COMMANDS"):
        group = cast("Group", module)
        before, own, rest = _split(rest)
        several = _parser_of_several(f"foundations {name}", group.DESCRIPTION, group.COMMANDS)
        parsed(several, before)
        if own is None:
            several.print_help()
        _require_known(own, group.COMMANDS)
        module, name = import_module(f"foundations.cli.{name}.{own}_{name}"), f"{name} {own}"
    command = cast("Command", module)  # a module has what the protocol asks
    parser = new_parser(f"foundations {name}", command.DESCRIPTION)
    command.add_arguments(parser)
    return command, parser, rest


def _require_known(name: str, commands: Mapping[str, str]) -> None:
    if name not in commands:
        hint = near(name, commands) or f"; commands: {', '.join(commands)}"
        raise UsageError(f"there is no command {name!r}{hint}")


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
