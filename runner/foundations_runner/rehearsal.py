"""A dry run on its host: the worker says what would become of the stages, and nothing of the job is archived."""

import json
import threading
from contextlib import suppress
from typing import Any, BinaryIO

from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveError, is_of_one_object
from foundations_archive.parallel import at_once
from foundations_archive.records import CacheEntry, JobSpec
from foundations_runner.channel import Channel, Message
from foundations_runner.expected import Expected
from foundations_runner.handover import graph_of
from foundations_runner.lookups import Lookups


class Rehearsal:
    """Answers the worker of a dry run, and writes what it says for the driver: events as JSON, one line each."""

    def __init__(self, archive: Archive, *, echo: BinaryIO) -> None:
        self._archive, self._echo = archive, echo
        self._lookups = Lookups(archive, self)
        self._expected: Expected | None = None
        self._writing = threading.Lock()
        self._ended: Message | None = None
        self._broken: ArchiveError | None = None

    def add(self, event: str, **fields: Any) -> None:
        """Tell the driver of something; see `Journal.add`, which archives it too."""
        line = json.dumps({"event": event, **fields})
        with self._writing, suppress(OSError):  # nobody may listen any more
            self._echo.write(f"{line}\n".encode())
            self._echo.flush()

    def line(self, stream: str, text: str, place: int | None) -> None:
        """Tell the driver of a line that the worker has printed, as where its modules are imported."""
        del place
        self.add("log", stream=stream, text=text)

    def hold(self, channel: Channel, job: Message, spec: JobSpec) -> None:
        """Hand the job over, and take in messages until the worker has gone."""
        self._expected = Expected(self._archive, spec, read_only=True)
        try:
            channel.send_stream(job, [buffer.size for buffer in spec.graph.buffers], graph_of(self._archive, spec))
            while True:
                self._take(channel, channel.receive())
        except ArchiveError as error:  # first: one that is out of reach is a ConnectionError too
            self._broken = error
        except (EOFError, ConnectionError):
            pass
        finally:
            channel.close()

    def end(self, cause: str | None) -> None:
        """Tell the driver why there is no plan, where there is none; `cause` is how the worker's process ended."""
        if self._broken is not None:
            self.add("failed", error=str(self._broken))
        elif self._ended is None:
            self.add("failed", error=cause)
        elif self._ended["failed"]:
            self.add("failed", error=self._ended["error"])

    def _take(self, channel: Channel, message: Message) -> None:
        match message.pop("say"):
            case "lookup":
                channel.send(self._lookups.answer(message))
            case "expected":
                channel.send({"entries": self._expected.told(self._lookups) if self._expected else {}})
            case "take":
                chosen = [self._lookups.chosen(one["stage"], one["name"]) for one in message["hits"]]
                channel.send({"whole": list(at_once(self._is_whole, chosen))})
            case "explain":
                for name, size in zip(message["names"], message["sizes"], strict=True):
                    self.add("document", name=name, text=bytes(channel.buffer(size)).decode())
            case "foreseen":
                self.add("foreseen", stages=message["stages"])
            case "finished":
                self._ended = message

    def _is_whole(self, entry: CacheEntry | None) -> bool:
        if entry is None:
            return False
        names = entry.value.chunks | {artifact.manifest for artifact in entry.artifacts}
        try:
            return all(map(self._archive.cache_blobs.holds, names))
        except ArchiveError as error:
            if not is_of_one_object(error):
                raise
            return False
