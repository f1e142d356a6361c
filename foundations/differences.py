"""What two explanations of a stage don't have in common, by name: never a whole key, always what changed in it."""

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from foundations.explanation import Explanation
from foundations.keys.observed import told_change
from foundations.keys.process_settings import SETTING

Kind = Literal[
    "function", "class", "module", "constant", "data", "files", "top level", "code", "argument", "version",
    "file", "variable", "setting", "python", "platform", "package", "image",
]  # fmt: skip

_SOURCES = frozenset({"function", "class", "module", "top level"})
_MOST_LINES = 400
_ENVIRONMENT: Mapping[str, tuple[Kind, str]] = {
    "python": ("python", "Python"),
    "implementation": ("python", "implementation"),
    "build": ("python", "build"),
    "optimize": ("python", "optimization"),
    "machine": ("platform", "machine"),
    "system": ("platform", "system"),
}


@dataclass(frozen=True)
class Difference:
    """One thing that two explanations don't share: what it is, what it was before and is now (None where it is not).

    `file` is where a piece of code stands, `says` is for what has no text of its own.
    """

    kind: Kind
    name: str
    old: str | None = None
    new: str | None = None
    file: str | None = None
    says: str = "changed"

    @property
    def sentence(self) -> str:
        """What has become of it, in the words in which a run tells what kept the cache from serving it."""
        return f"{self.kind} {self.name} {self.says}"

    @cached_property
    def diff(self) -> str | None:
        """The unified diff of a piece of code, where both texts are there and differ."""
        if self.kind not in _SOURCES or self.old is None or self.new is None or self.old == self.new:
            return None
        place = self.file or self.name
        lines = difflib.unified_diff(
            self.old[: _MOST_LINES * 200].splitlines(),
            self.new[: _MOST_LINES * 200].splitlines(),
            f"{place} (before)",
            f"{place} (now)",
            n=2,
            lineterm="",
        )
        return "\n".join(lines) or None

    def plain(self) -> dict[str, str | None]:
        """Return this as what JSON can hold, with its diff."""
        return {name: getattr(self, name) for name in ("kind", "name", "says", "old", "new", "file", "diff")}


def differences(new: Explanation, old: Explanation) -> list[Difference]:
    """Return what `new` does not share with an earlier explanation; nothing where both have one key and one input."""
    now, before = new.stage.content, old.stage.content
    found = [*_arguments(now, before), *_options(now, before), *_environments(new, old)]
    found = [*_code(new, old, found), *found]
    if not found and _by_all_code(now, before):
        found.append(Difference("code", "the model directory", says="changed, and all of its code counts here"))
    if not found and _fine(now) != _fine(before):
        found.append(Difference("platform", "the environment", says="differs in what has no name here"))
    return found + list(_observed(now["observed"], before["observed"], alone=not found))


def _arguments(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[Difference]:
    new, old = now["arguments"], before["arguments"]
    for name in (*new, *(name for name in old if name not in new)):
        one, other = new.get(name), old.get(name)
        if one is None or other is None or one["digest"] != other["digest"]:
            says = _counted(name, now, before) if one is None or other is None else "changed"
            old_text, new_text = (side["shown"] if side else None for side in (other, one))
            if name.startswith(SETTING):
                yield Difference("setting", name.removeprefix(SETTING), old_text, new_text)
            else:
                yield Difference("argument", name, old_text, new_text, says=says)


def _fine(stage: Mapping[str, Any]) -> str | None:
    return (stage["keys"] or {}).get("fine")


def _counted(name: str, now: Mapping[str, Any], before: Mapping[str, Any]) -> str:
    if name in now["arguments"]:
        return "counts now" if name in before["ignore"] else "is taken now"
    return "is ignored now" if name in now["ignore"] else "is not taken any more"


def _options(now: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[Difference]:
    if now["version"] != before["version"]:
        yield Difference("version", "version=", before["version"], now["version"])


def _environments(new: Explanation, old: Explanation) -> list[Difference]:
    if new.environment is old.environment or new.environment.name == old.environment.name:
        return []
    now, before = new.environment.content, old.environment.content
    found = [
        Difference(kind, name, str(before[field]), str(now[field]))
        for field, (kind, name) in _ENVIRONMENT.items()
        if now[field] != before[field]
    ]
    if any(one.name == "Python" for one in found):
        found = [one for one in found if one.name != "build"]  # which says the same once more
    found += _packages(now["packages"], before["packages"])
    if not found and now["image"] != before["image"]:
        found.append(Difference("image", "the environment's image", before["image"], now["image"]))
    return found


def _packages(new: Mapping[str, str], old: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted({*new, *old}):
        if new.get(name) != old.get(name):
            says = "is there now" if name not in old else "is gone" if name not in new else "changed"
            yield Difference("package", name, old.get(name), new.get(name), says=says)


def _code(new: Explanation, old: Explanation, found: Sequence[Difference]) -> list[Difference]:
    now, before = new.code.content, old.code.content
    if new.code is old.code or now["digest"] == before["digest"]:
        return []
    ours, theirs = _by_name(now["parts"]), _by_name(before["parts"])
    changed = [one for name in dict.fromkeys([*ours, *theirs]) for one in _part(ours.get(name), theirs.get(name))]
    kept = _without_moved(changed, ours, theirs)
    # a default that is an argument's value is told there
    defaults = any(one.kind == "argument" for one in found)
    kept = [one for one in kept if not (defaults and ", default " in one.name)] or (kept if not found else [])
    if kept or (defaults and changed):
        return kept
    what = "changed in how its parts go together" if not changed else "moved, and its place counts here"
    return [Difference("code", new.function.partition(":")[2] or new.function, says=what)]


def _by_name(parts: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for part in parts:
        found[part["name"]].append(part)
    return dict(found)


def _part(now: list[Mapping[str, Any]] | None, before: list[Mapping[str, Any]] | None) -> Iterator[Difference]:
    """Yield what differs of the parts of one name; there may be several, as of functions made in a loop."""
    ours = {part["digest"]: part for part in now or ()}
    theirs = {part["digest"]: part for part in before or ()}
    new = [part for digest, part in ours.items() if digest not in theirs]
    old = [part for digest, part in theirs.items() if digest not in ours]
    for place in range(max(len(new), len(old))):
        one, other = (side[place] if place < len(side) else {} for side in (new, old))
        told = one or other
        says = "is reached now" if not before else "is not reached any more" if not now else "changed"
        yield Difference(told["kind"], told["name"], other.get("source"), one.get("source"), told["file"], says)


def _without_moved(
    changed: Sequence[Difference],
    ours: Mapping[str, Sequence[Mapping[str, Any]]],
    theirs: Mapping[str, Sequence[Mapping[str, Any]]],
) -> list[Difference]:
    """Return differences but for what stands elsewhere now, or is called otherwise, and says the same."""
    gone = {part["digest"] for name, parts in theirs.items() if name not in ours for part in parts}
    come = {part["digest"] for name, parts in ours.items() if name not in theirs for part in parts}
    moved = gone & come
    named = {
        name
        for side, other in ((ours, theirs), (theirs, ours))
        for name, parts in side.items()
        if name not in other and all(part["digest"] in moved for part in parts)
    }
    return [one for one in changed if one.name not in named]


def _by_all_code(now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Tell whether all code of the project has counted, and has changed."""
    if now["all_code"] == before["all_code"]:
        return False
    return bool(before["keys"]) and before["kept"] == before["keys"]["coarse"]


def _observed(now: Mapping[str, Any], before: Mapping[str, Any], *, alone: bool) -> Iterator[Difference]:
    """Yield what was read and said something else; what only one of both has read is told where nothing else is."""
    left = before.get("left", {})
    for name, digest in now.get("files", {}).items():
        known = before.get("files", {})
        if name in known and known[name] != digest and (name not in left or left[name] != digest):
            yield Difference(
                "file", name, known[name], digest, says=_tail(told_change(name, known[name], digest), name)
            )
        elif name not in known and alone and name not in now.get("wrote", ()):
            yield Difference("file", name, None, digest, says="is read now and was not before")
    for name, digest in now.get("variables", {}).items():
        known = before.get("variables", {})
        if name in known and known[name] != digest:
            says = "is set now" if known[name] is None else "is not set any more" if digest is None else "changed"
            yield Difference("variable", name, known[name], digest, says=says)
        elif name not in known and alone:
            yield Difference("variable", name, None, digest, says="is read now and was not before")


def _tail(told: str, name: str) -> str:
    """Return what a sentence says of a name, without the name."""
    return told.partition(name)[2].strip() or told
