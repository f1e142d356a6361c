"""From the notes of a stage that has ended to the record of what it read."""

import os
from collections.abc import Iterator
from typing import Any

from foundations.keys.claims import also, claim_again, content_at, names_at
from foundations.keys.file_digests import Signature, signature_of
from foundations.keys.leavings import files_left
from foundations.keys.live_record import LiveRecord
from foundations.keys.observed import Observed
from foundations.keys.watched_files import DIGESTS

_TOLD = ("clock", "random", "network", "processes", "escaped", "spoiled")
_MOST_TOLD = 1000
_MOST_NAMES = 10  # a file has had no more than so many

Claims = dict[str, str | None]


def finished(record: LiveRecord, *, audited: bool) -> Observed:
    """Return what a stage has read, with the digests of what still is as it was then."""
    files, left = _Settled(record).claims()
    names = record.places.name
    told: dict[str, Any] = {
        kind: _told(record.notes[kind]) for kind in ("clock", "random", "network", "processes", "escaped", "spoiled")
    }
    return Observed(
        files=files,
        left=left,
        leaves=files_left(record),
        variables=dict(sorted(record.notes["variables"].items())),
        devices=_told([names(path) for path in record.notes["devices"]]),
        wrote=_told([names(path) for path in record.notes["wrote"]]),
        audited=audited,
        **told,
    )


def _told(texts: Any) -> tuple[str, ...]:
    return tuple(sorted(texts.copy())[:_MOST_TOLD])


class _Settled:
    """The notes on files, once it is known which of them the stage had made itself."""

    def __init__(self, record: LiveRecord) -> None:
        self._record = record
        # threads that the stage has left behind may still be noting something
        self._notes = {kind: notes.copy() for kind, notes in record.notes.items()}
        self._places = record.places
        self._wrote = {path: at for path, (at, *_) in self._notes["wrote"].items()}
        self._made = {path: at for path, (at, *_) in self._notes["made"].items()}
        self._made |= {os.path.realpath(path): at for path, at in self._made.items()}
        self._same = {found[:2]: self._wrote[path] for path in self._wrote if (found := signature_of(path)) is not None}
        self._changed = {os.path.dirname(path) for path in (*self._wrote, *self._made, *self._notes["moved"])}
        self._files: Claims = {}
        self._left: Claims = {}

    def claims(self) -> tuple[Claims, Claims]:
        """Return what is said of each path, and what the stage has left at some."""
        for path, (at, claim) in (*self._notes["kinds"].items(), *self._notes["sizes"].items()):
            self._settle(path, at, None if self._was_absent(path, at) else claim)
        for path, (at, found, digest) in self._notes["reads"].items():
            if found is None or self._was_absent(path, at):
                self._settle(path, at, None)
            else:
                self._settle_content(path, at, (found[0], found[1], found[2], found[3]), digest)
        for path, (at, claim) in self._notes["names"].items():
            self._settle_names(path, at, None if self._was_absent(path, at) else claim)
        for path, (at, claim) in self._notes["named"].items():
            if not self._is_own(path, at):
                self._settle_named(path, claim)
        self._add_aspects()
        return dict(sorted(self._files.items())), dict(sorted(self._left.items()))

    def _add_aspects(self) -> None:
        """Say what else was looked at: whether a file may be run, and where a link leads."""
        for path, (at, aspect) in (*self._notes["runs"].items(), *self._notes["links"].items()):
            if not self._is_own(path, at) and path not in self._notes["moved"]:
                name = self._places.name(path)
                self._files[name] = also(aspect, self._files.get(name), said=name in self._files)

    def _settle(self, path: str, at: int, claim: str | None) -> None:
        """Say whether something was there."""
        path, at = self._origin(path, at)
        if self._is_own(path, at):
            return
        name = self._places.name(path)
        self._files[name] = claim
        if self._was_made(path) and (now := _as_left(path, claim)) != claim:
            self._left[name] = now

    def _settle_content(self, path: str, at: int, signature: Signature, digest: str | None) -> None:
        source, when = self._origin(path, at)
        if self._is_own(source, when, signature):
            return
        name = self._places.name(source)
        now = DIGESTS.of_same(path, signature)
        if now is None:
            gone = not os.path.lexists(path)
            self._record.spoil(f"file {name} {'was removed' if gone else 'changed'} while the stage ran")
            return
        if digest is not None and now != digest:
            self._record.spoil(f"file {name} changed while the stage ran")
        self._files[name] = now

    def _settle_names(self, path: str, at: int, claim: str | None) -> None:
        path, at = self._origin(path, at)
        if self._is_own(path, at):
            return
        name = self._places.name(path)
        self._files[name] = claim
        if path in self._changed or self._was_made(path):
            now = names_at(path) if claim is None else claim_again(claim, path, DIGESTS)
            if now != claim:
                self._left[name] = now

    def _settle_named(self, path: str, claim: str | None) -> None:
        """Say what was in a file that an argument names; where it has changed, C code has written it, or the stage."""
        name = self._places.name(path)
        if name in self._files and self._files[name] not in (None, claim) and path in self._notes["reads"]:
            self._record.spoil(f"file {name} changed while the stage ran")
        self._files[name] = claim
        now = claim_again(claim, path, DIGESTS)
        if now != claim:
            self._left[name] = now

    def _was_absent(self, path: str, at: int) -> bool:
        """Tell whether nothing was there when the stage first looked, before this."""
        looks = (self._notes[kind].get(path) for kind in ("kinds", "sizes"))
        return any(look is not None and look[0] < at and look[1] is None for look in looks)

    def _origin(self, path: str, at: int) -> tuple[str, int]:
        """Return the name that a file had before the stage gave it this one, by moving or linking it, and when."""
        if not self._notes["moved"]:
            return path, at
        for _ in range(_MOST_NAMES):
            for one in (path, *_parents(path)):
                moved = self._notes["moved"].get(one)
                if moved is not None and moved[0] <= at:
                    at, path = moved[0], f"{moved[1]}{path[len(one) :]}"
                    break
            else:
                break
        return path, at

    def _is_own(self, path: str, at: int, signature: Signature | None = None) -> bool:
        """Tell whether the stage itself had made what is at `path` by then."""
        since = self._wrote.get(path)
        if since is None and signature is not None:
            since = self._same.get(signature[:2])  # it is known by another name
        if since is not None and since <= at:
            return True
        return bool(self._made) and any(self._made.get(one, at + 1) <= at for one in (path, *_parents(path)))

    def _was_made(self, path: str) -> bool:
        return path in self._wrote or path in self._made or path in self._notes["moved"]


def _as_left(path: str, claim: str | None) -> str | None:
    if claim is not None:
        return claim_again(claim, path, DIGESTS)
    return content_at(path, DIGESTS)


def _parents(path: str) -> Iterator[str]:
    while (path := path.rpartition("/")[0]) != "":
        yield path
