"""An edit of a small project, and whether the stage in it must be computed anew."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent


@dataclass(frozen=True)
class Edit:
    """A project, what is changed in it, and whether that changes what `stage:train` does."""

    name: str
    before: Mapping[str, str]
    change: tuple[tuple[str, str, str], ...]
    hits: bool
    paths: tuple[str, ...] = ()
    function: str = "stage:train"
    since: tuple[int, int] = (3, 10)
    new: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def after(self) -> dict[str, str]:
        """The project when it has been changed."""
        files = dict(self.before)
        for file, old, new in self.change:
            assert old in files[file], f"{self.name}: {old!r} is not in {file}"
            files[file] = files[file].replace(old, new) if old else new
        for file, text in self.new.items():
            if text is None:
                del files[file]
            else:
                files[file] = dedent(text)
        assert files != self.before, f"{self.name} changes nothing"
        return files


def project(text: str = "", **modules: str) -> dict[str, str]:
    """Return a project's files: `stage.py`, and a module for each name; two underscores stand for a slash."""
    files = {"stage.py": text, **{f"{name.replace('__', '/')}.py": each for name, each in modules.items()}}
    return {name.replace("/init.py", "/__init__.py"): dedent(each).lstrip("\n") for name, each in files.items()}


def misses(name: str, files: dict[str, str], *change: str, **more: object) -> Edit:
    """Return an edit after which the stage must be computed anew; `change` is file, old and new text in turn."""
    return Edit(name, files, _turns(change), False, **more)  # type: ignore[arg-type]


def hits(name: str, files: dict[str, str], *change: str, **more: object) -> Edit:
    """Return an edit after which what is cached still holds."""
    return Edit(name, files, _turns(change), True, **more)  # type: ignore[arg-type]


def _turns(change: tuple[str, ...]) -> tuple[tuple[str, str, str], ...]:
    return tuple((f"{change[at]}.py", change[at + 1], change[at + 2]) for at in range(0, len(change), 3))
