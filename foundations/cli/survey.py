"""The environments of a project, each with what its config file says and whether its engine and archive answer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from foundations.cli.probes import Engine, Place, Reply, replies
from foundations.errors import SettingsError
from foundations.printable import redacted_line
from foundations.settings import Environment, environment_files, load_environment


@dataclass(frozen=True)
class Fault:
    """What is wrong with an environment itself; file, line and key where that is a config file's."""

    message: str
    file: str | None = None
    line: int | None = None
    key: str | None = None


@dataclass(frozen=True)
class Part:
    """An engine, an archive or a cache: where it is, and what came back from there."""

    place: str
    reply: Reply


@dataclass(frozen=True)
class Surveyed:
    """One environment; `files` is its config file and those that it hides, `parts` is empty where it is broken."""

    name: str
    files: tuple[Path, ...]
    settings: Environment | None = None
    fault: Fault | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)

    @property
    def answers(self) -> bool:
        """Tell whether jobs could run here, as far as that shows without running one."""
        return self.fault is None and all(part.reply.answers for part in self.parts.values())


def survey(root: Path, selected: str, *, seconds: float) -> list[Surveyed]:
    """Return every environment of the project at `root`, and the selected one even where it is not there."""
    files = environment_files(root)
    found = [_read(name, files.get(name, ()), root) for name in sorted({*files, selected})]
    probes = {(one.name, part): probe for one in found if one.settings for part, probe in _probes(one.settings)}
    said = replies(probes, seconds=seconds)
    return [_with_parts(one, probes, said) for one in found]


def _read(name: str, files: tuple[Path, ...], root: Path) -> Surveyed:
    try:
        return Surveyed(name, files, load_environment(name, root))
    except SettingsError as error:
        file = None if error.path is None else str(error.path)
        return Surveyed(name, files, fault=Fault(redacted_line(str(error)), file, error.line, error.key))
    except ValueError as error:  # no such environment, a name that can't be, a location that can't be
        return Surveyed(name, files, fault=Fault(redacted_line(str(error)), str(files[0]) if files else None))


def _probes(environment: Environment) -> Iterator[tuple[str, Engine | Place]]:
    if environment.kind == "docker":
        archives = tuple(place for place in (environment.archive, environment.cache) if place)
        yield "engine", Engine(environment.docker.host, archives)
    yield "archive", Place(environment.archive, environment.s3, environment.signing_key_file)
    if environment.cache:
        yield "cache", Place(environment.cache, environment.s3)


def _with_parts(
    one: Surveyed, probes: Mapping[tuple[str, str], Engine | Place], said: Mapping[tuple[str, str], Reply]
) -> Surveyed:
    parts = {part: Part(probe.place, said[name, part]) for (name, part), probe in probes.items() if name == one.name}
    return replace(one, parts=parts)
