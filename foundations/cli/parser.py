"""How a command line is read: by argparse, whose complaints become errors of ours that know the nearest right word."""

import argparse
import re
from collections.abc import Iterable, Sequence
from typing import NoReturn


class UsageError(Exception):
    """The command line can't be understood, or names what is not there; the exit status is 2."""


class CommandError(Exception):
    """A command could not do what it was told; the exit status is 1."""


class HelpWanted(Exception):
    """--help was given; the text is the help."""


class Parser(argparse.ArgumentParser):
    """An argparse parser that raises where argparse would print and exit: one place of ours prints, in text or JSON."""

    def print_help(self, file: object = None) -> NoReturn:
        """Raise `HelpWanted`."""
        del file
        raise HelpWanted(self.format_help().rstrip())

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError`."""
        raise UsageError(f"{message}; see `{self.prog} --help`")


def new_parser(program: str, description: str, *, usage: str | None = None, epilog: str | None = None) -> Parser:
    """Return a parser that has only --help; options can't be abbreviated, so that a new one breaks nothing."""
    return Parser(
        prog=program,
        description=description,
        usage=usage,
        epilog=epilog,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Let a command take --json."""
    parser.add_argument("--json", action="store_true", help="print one JSON document and nothing else, errors too")


def parsed(parser: Parser, arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options in `arguments`; raise `UsageError`, with the nearest right option, for what is unknown."""
    options, unknown = parser.parse_known_args(arguments)
    for word in unknown:
        if word.startswith("-"):
            name, known = word.partition("=")[0], re.findall(r"(?<=\[)--[a-z-]+", parser.format_usage())
            parser.error(f"there is no option {name}{near(name, ['--help', *known])}")
        parser.error(f"{word!r} is one argument too many")
    return options


def near(word: str, words: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest of `words`, or nothing."""
    from foundations.schema import did_you_mean  # only where a mistake was made: it takes its time

    return did_you_mean(word, words)
