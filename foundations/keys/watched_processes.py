"""Programs that a stage starts, processes that it forks, and whom it talks to: what they read is not seen here."""

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from typing import Any

from foundations.keys.argument_files import note_named
from foundations.keys.attribution import active, observe
from foundations.keys.claims import DIRECTORY, FILE, kind_at
from foundations.keys.live_record import LiveRecord
from foundations.keys.places import absolute
from foundations.keys.started_programs import reads_more, variables_named
from foundations.keys.watched_environment import note_variables

try:
    import _posixsubprocess as _spawning
except ImportError:  # a system without it
    _spawning = None  # type: ignore[assignment]

_MOST_WORDS = 200
_LONGEST = 4096
# what multiprocessing talks to by itself
_OWN_SOCKETS = ("/pymp-", "pymp-")
_LISTENER = "listener-"
_OF_THE_SYSTEM = ("/bin/", "/usr/", "/lib", "/sbin/")

_plain_fork_exec: Any = getattr(_spawning, "fork_exec", None)


def started(
    record: LiveRecord, program: object, words: object = (), folder: object = None, variables: object = None
) -> None:
    """Take the events that start a program; files that its command line names count by content."""
    texts = [*_words(program), *_words(words)]
    record.note("processes", _shown(program, texts))
    place = absolute(folder) if isinstance(folder, str | bytes) else None
    # the first of the words is the program again, or a name that it is given
    if reads_more(
        [*_words(program), *list(_words(words))[1:]], place or absolute(".") or record.places.root, record.places
    ):
        record.note("escaped", f"the program {_shown(program, texts)}")
    named = [path for path in _named(texts, place) if _counts(record, path)]
    note_named(record, list(dict.fromkeys(named)))
    if variables is None:  # else what it is given was asked for, or is in the code
        note_variables(record, variables_named(list(_words(words)) or texts))


def spawned(record: LiveRecord, mode: object, program: object, words: object = (), *_: object) -> None:
    """Take the event `os.spawn`."""
    del mode
    started(record, program, words)


def forked(record: LiveRecord) -> None:
    """Take the event of a fork: the child goes on with this record."""
    record.expect_child()


def connected(record: LiveRecord, socket: object, address: object = None) -> None:
    """Take the event `socket.connect`."""
    del socket
    if isinstance(address, tuple) and len(address) >= 2:
        record.note("network", f"{address[0]}:{address[1]}")
    elif isinstance(address, str | bytes):
        text = os.fsdecode(address).replace("\0", "@")
        if any(part in text for part in _OWN_SOCKETS):
            record.note("processes", "a process of multiprocessing that was there before")
        else:
            record.note("network", text)


def watch_spawning() -> None:
    """Let the start of processes by `multiprocessing` be told, of which there is no audit event."""
    if _spawning is not None and _spawning.fork_exec is _plain_fork_exec:
        _spawning.fork_exec = _fork_exec


def unwatch_spawning() -> None:
    """Take it back."""
    if _spawning is not None and _spawning.fork_exec is _fork_exec:
        _spawning.fork_exec = _plain_fork_exec


def _fork_exec(words: Any, *more: Any) -> Any:
    if active and sys._getframe(1).f_globals.get("__name__") != "subprocess":  # of which there is one
        observe(_spawned, words)
    return _plain_fork_exec(words, *more)


def _spawned(record: LiveRecord, words: Any) -> None:
    texts = list(_words(words))
    if not any("resource_tracker" in text for text in texts):
        started(record, texts[:1], texts)


HANDLERS: dict[str, Callable[..., None]] = {
    "subprocess.Popen": started,
    "os.system": started,
    "os.exec": started,
    "os.posix_spawn": started,
    "os.spawn": spawned,
    "pty.spawn": started,
    "os.fork": forked,
    "os.forkpty": forked,
    "socket.connect": connected,
    "socket.sendto": connected,
}


def _words(value: object) -> Iterator[str]:
    if isinstance(value, str | bytes | os.PathLike):
        yield os.fsdecode(value)
    elif isinstance(value, list | tuple):
        for one in value[:_MOST_WORDS]:
            if isinstance(one, str | bytes | os.PathLike):
                yield os.fsdecode(one)


def _shown(program: object, texts: list[str]) -> str:
    return (texts[0] if texts else type(program).__name__)[:200]


def _named(texts: list[str], folder: str | None) -> Iterator[str]:
    """Yield the files and folders that words of a command line name, also in a line for a shell, or in an option."""
    for text in texts:
        words = {text, *_split(text)}
        for word in words | {part for one in words for part in _in_option(one)}:
            path = absolute(word, folder) if 0 < len(word) <= _LONGEST else None
            if path is not None and kind_at(path) in (FILE, DIRECTORY):
                yield path


def _counts(record: LiveRecord, path: str) -> bool:
    if path.startswith(_OF_THE_SYSTEM) or path in record.notes["named"]:
        return False
    # a folder such as /tmp or /home is hardly ever an input
    return path.count("/") > 1 or kind_at(path) == FILE


def _in_option(word: str) -> tuple[str, ...]:
    """Return what may be a path in `--file=path`, `-Ipath` or `@path`."""
    if word.startswith("@"):
        return (word[1:],)
    glued = word[2:] if word[:1] == "-" and word[1:2].isalpha() else ""
    return word.partition("=")[2], glued


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=False)[:_MOST_WORDS]
    except ValueError:
        return text.split()[:_MOST_WORDS]
