"""Programs that a stage starts, processes that it forks, and whom it talks to: what they read is not seen here."""

import os
import shlex
import stat
import sys
from collections.abc import Callable, Iterator
from typing import Any

from foundations.keys.attribution import active, observe
from foundations.keys.claims import content_at
from foundations.keys.live_record import LiveRecord
from foundations.keys.places import absolute
from foundations.keys.started_programs import reads_more
from foundations.keys.watched_files import DIGESTS

try:
    import _posixsubprocess as _spawning
except ImportError:  # a system without it
    _spawning = None  # type: ignore[assignment]

_MOST_WORDS = 200
_LONGEST = 4096
# what multiprocessing talks to by itself
_OWN_SOCKETS = ("/pymp-", "pymp-")
_LISTENER = "listener-"

_plain_stat = os.stat
_plain_fork_exec: Any = getattr(_spawning, "fork_exec", None)


def started(
    record: LiveRecord, program: object, words: object = (), folder: object = None, variables: object = None
) -> None:
    """Take the events that start a program; files that its command line names count by content."""
    del variables
    texts = [*_words(program), *_words(words)]
    record.note("processes", _shown(program, texts))
    place = absolute(folder) if isinstance(folder, str | bytes) else None
    # the first of the words is the program again, or a name that it is given
    if reads_more(
        [*_words(program), *list(_words(words))[1:]], place or absolute(".") or record.places.root, record.places
    ):
        record.note("escaped", f"the program {_shown(program, texts)}")
    for path in _files(texts, place):
        if not record.places.is_library(path) and not path.startswith(("/bin/", "/usr/", "/lib", "/sbin/")):
            record.note_now("named", path, content_at(path, DIGESTS))


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


def _files(texts: list[str], folder: str | None) -> Iterator[str]:
    """Yield the files that the words of a command line name, also within a line for a shell, or behind a `=`."""
    for text in texts:
        for word in {text, *_split(text), text.partition("=")[2]}:
            path = absolute(word, folder) if 0 < len(word) <= _LONGEST else None
            try:
                if path is not None and stat.S_ISREG(_plain_stat(path).st_mode):
                    yield path
            except (OSError, ValueError):
                continue


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=False)[:_MOST_WORDS]
    except ValueError:
        return text.split()[:_MOST_WORDS]
