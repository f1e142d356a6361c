"""What one stage has touched so far, noted as it happens, in the worker and in the processes that the stage forks."""

import base64
import json
import marshal
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic_ns
from types import CodeType
from typing import Any, Protocol

from foundations.keys.places import Places
from foundations.keys.words import Words, words_in

# what is noted with its time, of which the first counts; a clock that all processes of a machine share
_TIMED = ("reads", "kinds", "sizes", "names", "wrote", "made", "moved", "named", "links", "runs")
_OTHERS = ("variables", "clock", "random", "network", "processes", "devices", "escaped", "spoiled", "ran")

Note = list[Any]


class ReachableCode(Protocol):
    """The closure of a stage, as far as it matters to what is observed."""

    @property
    def codes(self) -> frozenset[CodeType]:
        """The code of the functions in it."""

    def covers(self, code: CodeType) -> bool:
        """Tell whether it counts this code."""


class LiveRecord:
    """The notes of one stage: names with what is known of each, of which the first counts."""

    def __init__(
        self, places: Places, *, folder: str, closure: ReachableCode | None = None, collects: bool = False
    ) -> None:
        self.places, self._folder = places, folder
        self._closure, self._collects = closure, collects
        self.words: Words = words_in(closure.codes) if closure is not None else frozenset()
        self._known: dict[int, CodeType] = {}
        self.outside: dict[str, list[CodeType]] = {}  # the code that is noted as escaped
        self.notes: dict[str, dict[str, Any]] = {kind: {} for kind in (*_TIMED, *_OTHERS)}
        self.asked: set[str] = set()  # variables that are noted, or that the stage has set itself
        # paths as they were given that there is nothing more to say of, until the process goes to another directory
        self.familiar: dict[str, set[str]] = {kind: set() for kind in ("reads", "kinds", "sizes")}
        self.others: list[Mapping[str, Any]] = []  # what processes that were started for it have handed back
        self._children: Path | None = None

    def note(self, kind: str, name: str, value: Any = None) -> None:
        """Note something for the first time; a second time changes nothing."""
        notes = self.notes[kind]
        if name not in notes:
            notes[name] = value
            if _fork.in_child:
                self._tell([kind, name, value])

    def note_now(self, kind: str, name: str, *values: Any) -> None:
        """Note something of which it counts what came before it, and what after."""
        if name not in self.notes[kind]:
            self.note(kind, name, [monotonic_ns(), *values])

    def spoil(self, reason: str) -> None:
        """Say why the result of this stage can't be kept."""
        self.note("spoiled", reason)

    def expect_child(self) -> None:
        """Make the file by which processes that are forked from now on hand back what they note."""
        if self._children is None and not _fork.in_child:
            path = f"{self._folder}/foundations-observed-{os.getpid()}-{os.urandom(12).hex()}"
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            self._children = Path(path)

    def knows(self, code: CodeType) -> bool:
        """Tell whether there is nothing more to note when this code runs: it is covered, or noted already."""
        if id(code) in self._known or (self._closure is None and not self._collects):
            return True
        if self._closure is None or not self._closure.covers(code):
            return False
        self._know(code)
        return True

    def ran(self, code: CodeType) -> None:
        """Take note that some code of the user's has run."""
        if self.knows(code):
            return
        self._known[id(code)] = code
        if self._collects:
            self.note("ran", base64.b64encode(marshal.dumps(code)).decode())
        else:
            name = getattr(code, "co_qualname", code.co_name)  # of Python 3.11
            text = f"{name} in {self.places.name(code.co_filename)}:{code.co_firstlineno}"
            self.outside.setdefault(text, []).append(code)
            self.note("escaped", text)

    def _know(self, code: CodeType) -> None:
        self._known[id(code)] = code  # and what is defined within
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self._know(constant)

    def gather(self) -> None:
        """Take over what forked processes have noted, and have no more of it."""
        if self._children is None:
            return
        path, self._children = self._children, None
        try:
            for kind, name, value in _lines(path):
                self._take(kind, name, value)
        except (OSError, ValueError) as error:
            self.spoil(f"what the processes that it forked read is not known ({error})")
        finally:
            path.unlink(missing_ok=True)

    def inherit(self, other: "LiveRecord", kinds: Iterable[str]) -> None:
        """Take over what another record has noted of some kinds."""
        for kind in kinds:
            for name, value in other.notes[kind].copy().items():
                self._take(kind, name, value)

    def _take(self, kind: str, name: str, value: Any) -> None:
        notes = self.notes[kind]
        if kind not in _TIMED:
            notes.setdefault(name, value)
        elif name not in notes or value[0] < notes[name][0]:
            notes[name] = value

    def _tell(self, note: Note) -> None:
        if self._children is None:
            return
        line = json.dumps(note).encode() + b"\n"
        with suppress(FileNotFoundError):  # the stage has ended without this process
            # opened each time: the user's code may close what is open, as daemons do
            descriptor = os.open(self._children, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            try:
                os.write(descriptor, line)
            finally:
                os.close(descriptor)


def _lines(path: Path) -> Iterator[Note]:
    for line in path.read_bytes().splitlines():
        yield json.loads(line)


def leave_fork() -> None:
    """Let this process be nobody's copy: what it notes is its own."""
    _fork.in_child = False


def is_fork() -> bool:
    """Tell whether this process is a copy that a stage has made of the one that watches it."""
    return _fork.in_child


class _Fork:
    """Whether this process is a copy that a stage has made of its own."""

    in_child = False

    def begin(self) -> None:
        self.in_child = True


_fork = _Fork()
os.register_at_fork(after_in_child=_fork.begin)
