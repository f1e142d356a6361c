"""`foundations info`: the environments, where each comes from, and whether its engine and archive answer."""

import argparse
import os
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundations.cli.output import Answer, aligned
from foundations.cli.parser import CommandError, add_json
from foundations.printable import printable, redacted_line

if TYPE_CHECKING:
    from foundations.cli.survey import Part, Surveyed

_LONGEST_SECONDS = 3600

DESCRIPTION = """\
List the environments of the project that this folder belongs to: what kind each is, which file it comes from, and
whether its Docker engine and its archive answer. Nothing is written anywhere.

The selected environment is the one of a driver that sets none itself. Exit status: 0 when it answers, 1 when not."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the environment that a driver would be deployed to, and how long an answer may take."""
    parser.add_argument("--env", metavar="NAME", help="select this environment, as `foundations deploy --env` would")
    parser.add_argument(
        "--timeout", metavar="SECONDS", type=seconds, default=5.0, help="how long to wait for an answer; default 5"
    )
    add_json(parser)


def run(options: argparse.Namespace) -> Answer:
    """Return what there is; the status is 1 where the selected environment does not answer."""
    from foundations.cli.survey import survey
    from foundations.project import find_root

    try:
        root = find_root(Path.cwd())
    except OSError as error:
        raise CommandError(f"this folder can't be looked at: {error.strerror}; change to another one") from error
    selected, by = _selection(options.env)
    found = survey(root, selected, seconds=options.timeout)
    facts = {
        "foundations": version("foundations"),
        "python": platform.python_version(),
        "project": str(root),
        "selected": {"name": selected, "by": by},
        "archive_override": redacted_line(os.environ.get("FOUNDATIONS_ARCHIVE", "")) or None,
    }
    data = {**facts, "environments": [_plain(one, selected) for one in found]}
    lines = [*_head(facts), *(line for one in found for line in _lines(one, root, selected=one.name == selected))]
    return Answer(data, lines, status=0 if all(one.answers for one in found if one.name == selected) else 1)


def _selection(option: str | None) -> tuple[str, str]:
    """Return the environment of a driver that sets none, and who says so."""
    from foundations.settings import selected_environment

    if option is not None:
        return option, "--env"
    return selected_environment(), "FOUNDATIONS_ENVIRONMENT" if os.environ.get("FOUNDATIONS_ENVIRONMENT") else "default"


def seconds(text: str) -> float:
    """Return a number of seconds; argparse calls it by this name when it complains."""
    number = float(text)
    if not 0 < number <= _LONGEST_SECONDS:
        raise argparse.ArgumentTypeError(f"must be more than 0 and at most {_LONGEST_SECONDS} seconds, not {text}")
    return number


def _plain(one: "Surveyed", selected: str) -> dict[str, Any]:
    return {
        "name": one.name,
        "kind": one.settings and one.settings.kind,
        "source": str(one.files[0]) if one.files else None,
        "hides": [str(path) for path in one.files[1:]],
        "selected": one.name == selected,
        "answers": one.answers,
        "fault": one.fault and vars(one.fault),
        **{name: _plain_part(one.parts.get(name)) for name in ("engine", "archive", "cache")},
    }


def _plain_part(part: "Part | None") -> dict[str, Any] | None:
    return None if part is None else {"place": part.place, **vars(part.reply)}


def _head(facts: Mapping[str, Any]) -> list[str]:
    rows = [
        ("foundations", f"{facts['foundations']}, Python {facts['python']}"),
        ("project", printable(facts["project"])),
        (
            "selected",
            f"{printable(facts['selected']['name'])} ({facts['selected']['by']}), where a driver sets none itself",
        ),
    ]
    if facts["archive_override"]:
        rows.append(("archive", f"{facts['archive_override']} (FOUNDATIONS_ARCHIVE), whatever a config says"))
    return aligned(rows)


def _lines(one: "Surveyed", root: Path, *, selected: bool) -> Iterator[str]:
    source = _shown(one.files[0], root) if one.files else "built in" if one.settings else "no file"
    yield ""
    kind = one.settings.kind if one.settings else "broken"
    yield f"{'*' if selected else ' '} {printable(one.name)}  {kind}, {source}"
    rows = [("hides", _shown(path, root)) for path in one.files[1:]]
    if one.fault:
        rows.append(("error", one.fault.message))
    rows += [(name, _said(part)) for name, part in one.parts.items()]
    yield from (f"    {line}" for line in aligned(rows))


def _said(part: "Part") -> str:
    from foundations.board import seconds_text

    if not part.reply.answers:
        return f"fails: {part.reply.says}"
    return f"ok: {part.place}, {part.reply.says}, answered in {seconds_text(part.reply.seconds)}"


def _shown(path: Path, root: Path) -> str:
    return printable(path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path))
