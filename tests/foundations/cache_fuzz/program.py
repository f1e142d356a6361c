"""A random program as parts that can be renamed and moved: definitions over several modules, and how they are imported.

A definition's text is Python in which `ref_7_` stands for the definition numbered 7, whatever its name and module are
by now; `name_of_7_` is its bare name and `module_of_7_` its module's, also within texts.
"""

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from foundations.keys.parsing import parsed

# a module imports from those behind it, so that no two import each other
MODULES = ("main", "steps", "pkg.tools", "pkg.basis")

Kind = Literal["function", "class", "value", "statement"]
Style = Literal["name", "alias", "module", "re-export"]

_HEADER = (
    "import contextlib\nimport dataclasses\nimport enum\nimport functools\nimport importlib\nimport operator\n"
    "import re\nimport sys\nimport types\nimport typing\n"
)
_TOKEN = re.compile(r"\b(ref|name_of|module_of)_(\d+)_(?![0-9])")


@dataclass(frozen=True)
class Definition:
    """A function, a class, a value or a statement at the top level of a module, and how others use it."""

    number: int
    name: str
    kind: Kind
    text: str
    module: int
    uses: tuple[str, ...] = ()
    position: float = 0.0
    comment: str = ""

    @functools.cached_property
    def references(self) -> frozenset[int]:
        """The numbers of the definitions that the text names."""
        return frozenset(int(number) for _, number in _TOKEN.findall(self.text)) - {self.number}

    @functools.cached_property
    def is_plain_function(self) -> bool:
        """Whether defining it does nothing but make a function."""
        body = parsed(self.text).body
        one = body[0]
        return (
            len(body) == 1
            and isinstance(one, ast.FunctionDef)
            and not one.decorator_list
            and not one.args.defaults
            and not one.args.kw_defaults
        )


@dataclass(frozen=True)
class Program:
    """Definitions, the last of which is called, and how each module imports what it takes from another."""

    definitions: tuple[Definition, ...]
    styles: Mapping[tuple[int, int], Style] = field(default_factory=dict)
    docstrings: Mapping[int, str] = field(default_factory=dict)
    quiet: bool = False
    features: frozenset[str] = frozenset()

    def __getitem__(self, number: int) -> Definition:
        return self.definitions[number]

    @property
    def entry(self) -> Definition:
        """The function that is the stage."""
        return next(one for one in self.definitions if one.name == "entry")

    def with_one(self, changed: Definition) -> "Program":
        """Return the program with a definition in the place of the one of its number."""
        return replace(
            self, definitions=tuple(changed if one.number == changed.number else one for one in self.definitions)
        )

    def reachable(self) -> set[int]:
        """Return the numbers of what the entry refers to, over any number of steps."""
        found, waiting = set(), [self.entry.number]
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting.extend(self[number].references)
        return found

    def eager(self) -> set[int]:
        """Return the numbers of all that may be needed while modules are imported."""
        found: set[int] = set()
        waiting = [number for one in self.definitions if not one.is_plain_function for number in one.references]
        while waiting:
            number = waiting.pop()
            if number not in found:
                found.add(number)
                waiting.extend(self[number].references)
        return found

    def files(self) -> dict[str, str]:
        """Return the texts of the program's files."""
        texts = {f"{name.replace('.', '/')}.py": self._text(place) for place, name in enumerate(MODULES)}
        return {**texts, "pkg/__init__.py": self._package()}

    def _text(self, place: int) -> str:
        own = sorted((one for one in self.definitions if one.module == place), key=lambda one: one.position)
        docstring = f'"""{self.docstrings[place]}"""\n' if place in self.docstrings else ""
        taken = sorted({number for one in own for number in self._taken(one)})
        imports = "".join(sorted({self._import(place, number) for number in taken}))
        bodies = "\n\n".join(f"{one.comment}{self._rendered(one)}\n" for one in own)
        return f"{docstring}{_HEADER}{imports}\n\n{bodies}"

    def _taken(self, one: Definition) -> Iterator[int]:
        """Yield what a definition needs an import for."""
        for kind, number in _TOKEN.findall(one.text):
            if kind == "ref" and self[int(number)].module != one.module:
                yield int(number)

    def style(self, place: int, number: int) -> Style:
        """Return how a module imports a definition of another."""
        style = self.styles.get((place, number), "name")
        packaged = MODULES[self[number].module].startswith("pkg.") and not MODULES[place].startswith("pkg.")
        return "name" if style == "re-export" and not packaged else style

    def _import(self, place: int, number: int) -> str:
        one = self[number]
        module = MODULES[one.module]
        match self.style(place, number):
            case "alias":
                return f"from {module} import {one.name} as {one.name}_too\n"
            case "module":
                return f"import {module}\n"
            case "re-export":
                return f"from pkg import {one.name}\n"
        inside = MODULES[place].startswith("pkg.") and module.startswith("pkg.")
        return f"from {module.removeprefix('pkg') if inside else module} import {one.name}\n"

    def _rendered(self, one: Definition) -> str:
        def spelled(match: re.Match[str]) -> str:
            kind, other = match[1], self[int(match[2])]
            if kind == "module_of":
                return MODULES[other.module]
            if kind == "name_of" or other.module == one.module:
                return other.name
            style = self.style(one.module, other.number)
            if style == "module":
                return f"{MODULES[other.module]}.{other.name}"
            return f"{other.name}_too" if style == "alias" else other.name

        return _TOKEN.sub(spelled, one.text)

    def _package(self) -> str:
        wanted = {
            number
            for one in self.definitions
            for number in self._taken(one)
            if self.style(one.module, number) == "re-export"
        }
        return "".join(f"from {MODULES[self[n].module]} import {self[n].name}\n" for n in sorted(wanted))

    def write(self, root: Path) -> None:
        """Write the program's files to a new directory."""
        for path, text in self.files().items():
            file = root / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
