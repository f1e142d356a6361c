"""The fuzzer: random programs, each edited many times, with a cache that lives through all versions of a program."""

import difflib
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.foundations.cache_fuzz.edits import random_edit
from tests.foundations.cache_fuzz.fresh import Fresh, Ran
from tests.foundations.cache_fuzz.growing import random_program
from tests.foundations.cache_fuzz.program import Program

EDITS_A_PROGRAM = 20
SEEDS = (1, 2)
_LANES = 2


@dataclass
class Findings:
    """What a run of the fuzzer has seen."""

    edits: int = 0
    broken: int = 0
    changed: int = 0
    hits: int = 0
    cosmetic: int = 0
    uncached: int = 0
    wrong: list[str] = field(default_factory=list)
    needless: list[str] = field(default_factory=list)
    needless_by_edit: Counter[str] = field(default_factory=Counter)

    def look_up(self, entries: dict[str, tuple[str, Program]], program: Program, ran: Ran, what: str) -> None:
        """Look for a version's answer in the cache, and keep it where it is not there."""
        if ran.key is None or not ran.answer:
            return
        if ran.key not in entries:
            entries[ran.key] = ran.answer, program
            return
        self.hits += 1
        cached, before = entries[ran.key]
        if cached != ran.answer:
            self.wrong.append(f"{what} is answered {cached}, not {ran.answer}\n{_difference(before, program)}")

    def add(self, other: "Findings") -> None:
        """Take in what was found with another program."""
        for name in ("edits", "broken", "changed", "hits", "cosmetic", "uncached"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.wrong += other.wrong
        self.needless += other.needless
        self.needless_by_edit += other.needless_by_edit

    def __str__(self) -> str:
        return (
            f"{self.edits} edits, {self.changed} of which changed the answer and {self.broken} broke the program; "
            f"{self.hits} hits, {len(self.wrong)} of them wrong; "
            f"{self.cosmetic} edits that change nothing, {len(self.needless)} of them computed again "
            f"({dict(self.needless_by_edit)}); {self.uncached} not cached"
        )


def fuzz(place: Path, *, seed: int, edits: int, key: str = "closure") -> Findings:
    """Return what comes of `edits` random edits; equal for equal seeds."""
    findings, lanes = Findings(), _Lanes()
    counts = [min(EDITS_A_PROGRAM, edits - done) for done in range(0, edits, EDITS_A_PROGRAM)]

    def one(number: int) -> Findings:
        chance = random.Random(f"{seed}/{number}")
        return _fuzz_program(
            place / str(number), chance, counts[number], lanes.here(), key=key, label=f"{seed}/{number}"
        )

    try:
        with ThreadPoolExecutor(_LANES) as pool:
            for found in pool.map(one, range(len(counts))):
                findings.add(found)
    finally:
        lanes.close()
    return findings


def _fuzz_program(
    place: Path, chance: random.Random, edits: int, fresh: list[Fresh], *, key: str, label: str
) -> Findings:
    found = Findings(edits=edits)
    versions = [random_program(chance)]
    entries: dict[str, tuple[str, Program]] = {}
    last = _ran(versions[0], place / "0", fresh[0], key)
    assert last.imported, f"program {label} can't be imported: {last.answer}"
    found.look_up(entries, versions[0], last, f"program {label}")
    for number in range(1, edits + 1):
        edit = random_edit(versions[-1], chance)
        ran = _ran(edit.program, place / f"{number}", fresh[number % len(fresh)], key)
        if not ran.imported:
            found.broken += 1  # there is no stage any more: the next edit is one of the version before
            continue
        what = f"program {label}, edit {number} ({edit.name})"
        found.changed += ran.answer != last.answer
        found.uncached += ran.key is None
        found.look_up(entries, edit.program, ran, what)
        if edit.cosmetic:
            found.cosmetic += 1
            if ran.key != last.key:
                found.needless_by_edit[edit.name] += 1
                found.needless.append(f"{what}\n{_difference(versions[-1], edit.program)}")
        versions.append(edit.program)
        last = ran
    return found


def _ran(program: Program, root: Path, fresh: Fresh, key: str) -> Ran:
    program.write(root)
    return fresh.run(root, key)


def _difference(one: Program, other: Program) -> str:
    before, after = one.files(), other.files()
    return "".join(
        line
        for path in sorted(before)
        for line in difflib.unified_diff(
            before[path].splitlines(keepends=True), after[path].splitlines(keepends=True), path, path
        )
    )


class _Lanes:
    """A pair of templates for each thread."""

    def __init__(self) -> None:
        self._started: dict[int, list[Fresh]] = {}

    def here(self) -> list[Fresh]:
        here = threading.get_ident()
        if here not in self._started:
            self._started[here] = [Fresh(seed=seed) for seed in SEEDS]
        return self._started[here]

    def close(self) -> None:
        for pair in self._started.values():
            for fresh in pair:
                fresh.close()
