"""What random programs are made of: each feature of the language, in features.txt, as definitions that compute numbers.

A feature begins with `# name`, each of its definitions with `## kind: use ; use`. In the texts `OWN` is the definition
itself, `BEFORE1` the one before it, `E` an expression of `x` and of other definitions, `C` a number, `F` a function of
one number, `T` a class; in uses, `ARG` is the argument.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from tests.foundations.cache_fuzz.program import Kind

_FEATURE = re.compile(r"^# (?P<name>[^(\n]+?)(?: \((?P<note>.+)\))?\n(?P<parts>(?:(?!# ).*\n?)*)", re.MULTILINE)
_PART = re.compile(r"^## (?P<kind>\w+):(?P<uses>.*)\n(?P<text>(?:(?!## ).*\n?)*)", re.MULTILINE)


@dataclass(frozen=True)
class Part:
    """A definition of a feature, and how others use it."""

    kind: Kind
    text: str
    uses: tuple[str, ...]


@dataclass(frozen=True)
class Feature:
    """One feature; `note` says where a function's name, or which modules are imported, means something."""

    name: str
    note: str | None
    parts: tuple[Part, ...]


def _read(text: str) -> dict[str, Feature]:
    found = {}
    for match in _FEATURE.finditer(text):
        parts = tuple(
            Part(
                cast("Kind", part["kind"]),
                part["text"].strip("\n"),
                tuple(use.strip() for use in part["uses"].split(" ; ") if use.strip()),
            )
            for part in _PART.finditer(match["parts"])
        )
        found[match["name"]] = Feature(match["name"], match["note"], parts)
    return found


FEATURES = _read(Path(__file__).with_name("features.txt").read_text())
QUIET = tuple(feature.name for feature in FEATURES.values() if not feature.note)
CLASS_USES = FEATURES["class"].parts[0].uses
