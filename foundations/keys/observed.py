"""What a stage has read beside its code and its arguments, and whether that still says the same."""

import operator
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from foundations.keys.attribution import unobserved
from foundations.keys.claims import (
    DIRECTORY,
    FILE,
    LINK,
    NAMES,
    NO_LINK,
    OTHER,
    RUNS,
    RUNS_NOT,
    SIZED,
    TREE,
    claim_again,
    parted,
)
from foundations.keys.places import absolute
from foundations.keys.watched_environment import ALL, digest_of, names_of_all, variable
from foundations.keys.watched_files import DIGESTS

Gives = Callable[[str | None, str | None], bool]
_NOTHING = object()


@dataclass(frozen=True)
class Observed:
    """The inputs of one run of a stage that its key does not hold, as plain JSON.

    A cache entry holds while its files and variables say what they said. The rest is told to people, but for
    `spoiled`: where that has reasons, the result must not be kept at all.
    """

    # by path: SHA-256 of the content, `names ...` and `tree ...` of a directory, what is there where only that was
    # asked for, or None where nothing was
    files: Mapping[str, str | None] = field(default_factory=dict)
    # the same for what the stage itself left at such a path: that is no other input
    left: Mapping[str, str | None] = field(default_factory=dict)
    # what it leaves for others to find, a file (the same) or a variable that it has set: no input of its own
    leaves: Mapping[str, str | None] = field(default_factory=dict)
    sets: Mapping[str, str | None] = field(default_factory=dict)
    # by name: SHA-256 of the value, None where it was not set; "*" is there when all were looked at: which there were
    variables: Mapping[str, str | None] = field(default_factory=dict)
    clock: tuple[str, ...] = ()
    random: tuple[str, ...] = ()
    network: tuple[str, ...] = ()
    processes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    escaped: tuple[str, ...] = ()
    wrote: tuple[str, ...] = ()
    spoiled: tuple[str, ...] = ()
    audited: bool = False

    def plain(self) -> dict[str, Any]:
        """Return this as what JSON can hold, without what is empty."""
        told = {one.name: getattr(self, one.name) for one in fields(self)}
        made = {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in made.items() if value}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Observed":
        """Return what `plain` was made of; what a later version has added is left out."""
        known = {one.name for one in fields(cls)}
        made = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
        kept: dict[str, Any] = {name: value for name, value in made.items() if name in known}
        return cls(**kept)


def joined(one: Observed, other: Observed) -> Observed:
    """Return what two processes saw of one stage; of what both saw, what the first says counts."""
    made: dict[str, Any] = {}
    for name in (each.name for each in fields(Observed)):
        ours, theirs = getattr(one, name), getattr(other, name)
        if isinstance(ours, Mapping):
            made[name] = dict(sorted({**theirs, **ours}.items()))
        else:
            made[name] = (ours and theirs) if isinstance(ours, bool) else tuple(sorted({*ours, *theirs}))
    return Observed(**made)


def still_holds(
    observed: Observed, *, root: str | os.PathLike[str], given: Observed = Observed(), gives: Gives = operator.eq
) -> str | None:
    """Return None where all that was read says the same now, or the first thing that does not, in words.

    What others have left is `given`, though it is not there now; `gives` tells whether that is what was read.
    """
    with unobserved():
        for name, digest in observed.variables.items():
            now = names_of_all() if name == ALL else digest_of(variable(name))
            if now != digest and given.sets.get(name, _NOTHING) != digest:
                return _told_variable(name, digest, now)
        for name, claim in observed.files.items():
            path = absolute(name, os.fspath(root))
            if path is None:
                return f"{name} can't be looked at"
            now = claim_again(claim, path, DIGESTS)
            if now == claim or (name in observed.left and _is_as_left(observed.left[name], path)):
                continue
            if name not in given.leaves or not gives(given.leaves[name], claim):
                return told_change(name, claim, now)
    return None


def _is_as_left(claim: str | None, path: str) -> bool:
    return claim_again(claim, path, DIGESTS) == claim


def told_change(name: str, before: str | None, now: str | None) -> str:
    """Return in words what has become of a path."""
    (aspect, before), (new, now) = parted(before), parted(now)
    if new is not None and new != aspect:
        return f"{name} {new} now" if new in (RUNS, RUNS_NOT) else f"{name} was {_a_link(aspect)} and is {_a_link(new)}"
    what = "directory" if (before or now or "").startswith((DIRECTORY, NAMES, TREE)) else "file"
    if now is None:
        return f"{what} {name} is gone"
    if before is None:
        return f"{what} {name} has appeared"
    if before.startswith(NAMES) and now.startswith(NAMES):
        return f"directory {name} has other names in it"
    if before in (FILE, DIRECTORY, OTHER):
        return f"{name} was a {before} and is {now}"
    if before.startswith(SIZED) and now.startswith(SIZED):
        return f"file {name} has another size"
    return f"{what} {name} changed"


def _a_link(aspect: str | None) -> str:
    return f"a {aspect}" if aspect and aspect.startswith(LINK) else NO_LINK


def _told_variable(name: str, before: str | None, now: str | None) -> str:
    if name == ALL:
        return "other environment variables are set"
    if now is None:
        return f"variable {name} is not set any more"
    return f"variable {name} {'is set now' if before is None else 'changed'}"
