"""Asking engines and archives whether they answer: all at once, none for longer than it may take, nothing written."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

from foundations.printable import redacted_line
from foundations.settings import S3Options
from foundations_archive.archive import open_archive
from foundations_archive.signing import read_signing_key
from foundations_runner.engine import connect, refusals, require_shared

Question = Callable[[], str]
_Key = TypeVar("_Key")


@dataclass(frozen=True)
class Engine:
    """A Docker engine: the one at `host`, or the one that Docker's own settings name; it has to see the archives."""

    host: str | None
    archives: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        """Where it is, as far as that is known without asking."""
        return redacted_line(self.host or os.environ.get("DOCKER_HOST") or "the default engine")

    def prepared(self) -> Question:
        """Return the question for the engine's version; loading the library is not the engine's time."""
        with suppress(Exception):  # `connect` says it better
            import docker  # noqa: F401
        return self._version

    def _version(self) -> str:
        with closing(connect(self.host)) as client, refusals("telling its version"):
            for archive in self.archives:
                require_shared(client, archive)
            return f"Docker {client.version()['Version']}"


@dataclass(frozen=True)
class Place:
    """Where an archive or a cache is, how it is reached, and what its records are signed with."""

    location: str
    s3: S3Options
    signing_key_file: Path | None = None

    @property
    def place(self) -> str:
        """The location, for people."""
        return redacted_line(self.location)

    def prepared(self) -> Question:
        """Return the question whether there is an archive already; raise for a signing key that no job could use."""
        if self.signing_key_file:
            read_signing_key(self.signing_key_file)
        archive = open_archive(self.location, s3=asdict(self.s3))
        return lambda: "ready" if archive.look() else "not there yet: the first job makes it"


@dataclass(frozen=True)
class Reply:
    """What came back: a word where it answers, else what is wrong, in one line."""

    says: str
    seconds: float
    answers: bool = True


def replies(asked: Mapping[_Key, Engine | Place], *, seconds: float) -> dict[_Key, Reply]:
    """Return what each says; one that has said nothing after `seconds` is left behind, however deep it hangs."""
    answers: SimpleQueue[tuple[Engine | Place, Reply]] = SimpleQueue()
    for probe in dict.fromkeys(asked.values()):
        # a daemon: neither Ctrl-C nor the end of the command waits for a host that is dead
        Thread(target=lambda probe: answers.put((probe, _reply(probe))), args=(probe,), daemon=True).start()
    deadline = time.monotonic() + seconds
    got: dict[Engine | Place, Reply] = {}
    while len(got) < len(set(asked.values())):
        try:
            probe, reply = answers.get(timeout=max(0.0, deadline - time.monotonic()))
        except Empty:
            break
        got[probe] = reply
    return {key: got.get(probe) or _silence(probe, seconds) for key, probe in asked.items()}


def _reply(probe: Engine | Place) -> Reply:
    began = time.perf_counter()
    try:
        question = probe.prepared()
        began = time.perf_counter()
        return Reply(redacted_line(question()), time.perf_counter() - began)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
        return Reply(redacted_line(str(error) or type(error).__name__), time.perf_counter() - began, answers=False)


def _silence(probe: Engine | Place, seconds: float) -> Reply:
    wait = f"no answer from {probe.place} within {seconds:g} s"
    return Reply(f"{wait}; is it up, and the network too? --timeout waits longer", seconds, answers=False)
