"""The courier's log of a job: every event is numbered, echoed at once, and archived within two seconds."""

import json
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveError
from foundations_archive.ledger import Ledger
from foundations_archive.records import JobSpec
from foundations_archive.standing import HEARTBEAT_SECONDS

# what the archive lacks is never older than two seconds, so half a second is left for the write itself
FLUSH_SECONDS = 1.5
FLUSH_BYTES = 256 * 1024
# the last events go into the record that seals the job, which saves a round trip; with more of them, whoever wants to
# know how a job ended would read too much, and a record of many metrics takes too long to make for them to wait for it
TAIL_BYTES = 64 * 1024
_SMALL_RECORD = 1 << 20
_LAST_TRIES = (0.5, 2.0, 8.0)

# they can come by the hundred thousand, and nobody watches them scroll by
_METRICS = "metrics"


class Journal:
    """The events of one attempt at a job; `add` is safe from any thread.

    `segments` of them are in the archive, and `chain` is the digest of the last one.
    """

    def __init__(
        self, archive: Archive, spec: JobSpec, *, attempt: str, echo: BinaryIO, tail_bytes: int = TAIL_BYTES
    ) -> None:
        self.ledger = Ledger(spec)
        self._archive, self._spec, self._attempt, self._echo = archive, spec, attempt, echo
        self._tail_bytes = tail_bytes
        self._pending: list[dict[str, Any]] = []
        self._pending_bytes = self._bytes = 0
        self._unanswered: list[dict[str, Any]] = []
        self._unsaid: deque[str] = deque()
        self._count = 0
        self.segments = 0
        self.chain: str | None = None
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._saying = threading.Lock()
        self._wake = threading.Event()
        self._closing = self._closed = False
        self._thread = threading.Thread(target=self._keep_flushing, name="journal", daemon=True)

    def open(self) -> None:
        """Begin to archive what is added and to send the job's heartbeat."""
        self._thread.start()

    def add(self, event: str, **fields: Any) -> None:
        """Take in an event of this kind, now or at the `time` given."""
        self.add_all([(event, fields)])

    def add_all(self, events: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        """Take in several events, in order."""
        with self._lock:
            for event, fields in events:
                entry = {"n": self._count, "time": time.time(), "event": event, **fields}
                # only metrics hold numbers of the user's; without the check it takes half the time
                line = json.dumps(entry, allow_nan=False) if event == _METRICS else json.dumps(entry)
                if not self._closed:  # what comes later is for whoever listens: the job's record is made
                    self._count += 1
                    self.ledger.add(entry)
                    self._pending.append(entry)
                    self._pending_bytes += len(line)
                    self._bytes += len(line)
                if event != _METRICS:
                    self._unsaid.append(line)
        if self._pending_bytes > FLUSH_BYTES:
            self._wake.set()
        self._say()

    def close(self) -> tuple[Mapping[str, Any], ...]:
        """Return the last events if they are few, for the record that seals the job; archive whatever is left beside.

        That is tried again for a while; raise `ArchiveError` when the archive stays away.
        """
        self._closing = True
        self._wake.set()
        self._thread.join()
        with self._lock:
            self._closed = True
        # what got no answer may have arrived as a segment, and must not be told twice
        small = self._pending_bytes <= self._tail_bytes and self._bytes <= _SMALL_RECORD
        if small and not self._unanswered:
            tail, self._pending = tuple(self._pending), []
            return tail
        self._write_all()
        return ()

    def _write_all(self) -> None:
        for pause in _LAST_TRIES:
            began = time.monotonic()
            try:
                self._flush()
            except ArchiveError:
                if time.monotonic() - began > sum(_LAST_TRIES):
                    raise  # the store has had its own patience
                time.sleep(pause)
        self._flush()

    def _say(self) -> None:
        # a lock of its own: a driver that does not read holds up whoever adds, but not the archive nor the heartbeat
        with self._saying:
            while self._unsaid:
                lines = [self._unsaid.popleft() for _ in range(len(self._unsaid))]
                try:
                    self._echo.write("".join(f"{line}\n" for line in lines).encode())
                    self._echo.flush()
                except OSError:
                    pass  # nobody listens any more: the job goes on, the archive has it all

    def _keep_flushing(self) -> None:
        beat = began = time.monotonic()
        while True:
            # from when the last one began: what came while it wrote has waited for as long already
            self._wake.wait(max(0.0, began + FLUSH_SECONDS - time.monotonic()))
            self._wake.clear()
            if self._closing:
                return  # what is left may go into the record that seals the job
            began = time.monotonic()
            try:
                self._flush()
                if time.monotonic() - beat >= HEARTBEAT_SECONDS:
                    self._archive.heartbeat(self._spec.project, self._spec.job_id)
                    beat = time.monotonic()
            except ArchiveError:
                continue  # what could not be written stays pending and is tried again with the next round

    def _flush(self) -> None:
        with self._flushing:
            once_more = bool(self._unanswered)
            while self._take_pending():
                self.chain = self._archive.append(
                    self._spec.job_id, self._attempt, self.segments, self._unanswered, previous=self.chain
                )
                self.segments += 1
                self._unanswered = []
                if not once_more:  # what came meanwhile waits for its own turn, or there would be no end of segments
                    return
                once_more = False

    def _take_pending(self) -> bool:
        """Tell whether there is a segment to write; one that got no answer stays as it was, since it may yet arrive."""
        with self._lock:
            if not self._unanswered:
                self._unanswered, self._pending, self._pending_bytes = self._pending, [], 0
            return bool(self._unanswered)
