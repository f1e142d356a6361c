"""A job's run as its driver sees it: started, followed, and sealed by the driver where the courier could not."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial

from foundations_archive import cancellation, layout
from foundations_archive.archive import Archive
from foundations_archive.ledger import Event, Ledger
from foundations_archive.records import JobRecord, JobSpec, State
from foundations_archive.segments import segments_seen
from foundations_archive.standing import HEARTBEAT_SECONDS
from foundations_runner.endings import endings_as_exits
from foundations_runner.errors import CourierFailed, EngineRefused
from foundations_runner.following import Follower
from foundations_runner.host import CANCELLED, COMPLETED, FAILED, Ending, Host, JobRequest, RunningJob
from foundations_runner.interrupts import further_interrupts_held, interrupts_held

OnEvent = Callable[[Event], None]

_SHORT_WAIT_SECONDS = 1.0
# what a courier's exit status says that has done all that it had to do
_ORDERLY = frozenset({COMPLETED, FAILED, CANCELLED})


class _Cancelled(Exception):
    """Another thread, or a request in the archive, wants the job to end."""


class JobRun:
    """One job, from the archive to its end; `on_event` sees every event but the metrics as it happens.

    Ctrl-C, SIGTERM and SIGHUP end the job, seal it as Cancelled and are raised again. Whatever happens, nothing of the
    job is left on the host.
    """

    def __init__(self, host: Host, request: JobRequest, *, archive: Archive, spec: JobSpec, on_event: OnEvent) -> None:
        # trusting: what it reads is raised in the driver, or goes into a record that it signs
        self._host, self._request, self._archive, self._spec = host, request, archive.trusting(), spec
        self._on_event = on_event
        self._follower = Follower(self._heard)
        self._events: list[Event] = []
        self._attempt: str | None = None
        self._job: RunningJob | None = None
        self._submitted = False
        self._cancelled = False
        self._new_at = float("-inf")
        self._starting = threading.Lock()

    def submit(self, *, looked: bool = False) -> JobRecord:
        """Put the job into the archive and run it; raise `JobTaken` where the archive has one of its name.

        `looked` says that the archive had none just now.
        """
        return self._guarded(submit=partial(self._archive.submit, self._spec, looked=looked))

    def run(self) -> JobRecord:
        """Run the job, which is in the archive, and return the record that seals it.

        A detached job is left alone as soon as its courier has begun, and the record is that of a job that runs.
        """
        return self._guarded(submit=None)

    def cancel(self) -> None:
        """End the job from another thread than that which runs it, which gets the record of a cancelled job."""
        with self._starting:
            self._cancelled = True
        if self._job is not None:
            self._job.stop()

    def _guarded(self, *, submit: Callable[[], None] | None) -> JobRecord:
        self._submitted = submit is None
        with endings_as_exits(), further_interrupts_held():
            try:
                if submit:
                    # all of it or nothing: an interrupt takes effect when it is known whether the job is there
                    with interrupts_held():
                        submit()
                        self._new_at = time.monotonic()
                        self._submitted = True
                return self._attend()
            except _Cancelled:
                return self._archive.sealed(self._spec.job_id) or self._seal("Cancelled")
            except BaseException as error:
                # an engine that is gone can't be tidied up, and that it is gone is the better message
                with interrupts_held(), suppress(EngineRefused):
                    self._abandon(error)
                raise

    def _attend(self) -> JobRecord:
        self._host.prepare()
        self._start()
        for _ in self._follow():
            if self._request.detached:
                with interrupts_held():
                    self._running.release()
                return Ledger(self._spec).record("Running")
        ending = self._running.wait()
        record, key = self._archive.sealed_by(self._spec.job_id, attempt=self._attempt)
        if record is None or key is None:
            record = self._seal_dead(ending)
        elif ending.status not in _ORDERLY:  # it may have died before it wrote the row, or heard nothing of its seal
            self._archive.settle(self._spec, record, sealed=key)
        with interrupts_held():
            self._running.remove()
        return record

    def _start(self) -> None:
        # nobody but us would hear of a request that a job ends which waits for its image; a courier looks by itself
        waited = time.monotonic() - self._new_at
        if waited > _SHORT_WAIT_SECONDS and cancellation.cancellation_requested(self._archive, self._spec.job_id):
            raise _Cancelled
        if waited > HEARTBEAT_SECONDS:  # once it has begun, an old marker says that it is lost
            self._archive.heartbeat(self._spec.project, self._spec.job_id)
        with self._starting:
            if self._cancelled:
                raise _Cancelled
            with interrupts_held():
                self._job = self._host.start(self._request)

    @property
    def _running(self) -> RunningJob:
        assert self._job is not None
        return self._job

    def _follow(self) -> Iterator[None]:
        """Take in what the courier writes, and come back after every piece that brought an event."""
        for stream, chunk in self._running.output():
            if self._follower.take(stream, chunk):
                yield

    def _heard(self, event: Event) -> None:
        self._events.append(event)
        if event["event"] == "job started":
            self._attempt = event["attempt"]
        self._on_event(event)

    def _abandon(self, error: BaseException) -> None:
        """Stop a job, seal it unless it is, and remove it; one that can't be stopped is its courier's to seal."""
        if not self._submitted:
            return
        cancelled = isinstance(error, KeyboardInterrupt | SystemExit)
        try:
            if self._job is not None:
                self._job.stop()
            if self._archive.sealed(self._spec.job_id) is None:
                self._seal("Cancelled" if cancelled else "Failed", error=None if cancelled else str(error))
        finally:
            if self._job is not None:
                self._job.remove()

    def _seal_dead(self, ending: Ending) -> JobRecord:
        if self._cancelled:
            return self._seal("Cancelled")
        error = self._follower.failure(ending)
        record = self._seal("Failed", error=error)
        if not self._events and self._follower.last_words:
            raise CourierFailed(error)
        return record

    def _seal(self, state: State, *, error: str | None = None) -> JobRecord:
        """Seal a job whose courier can't; events that it told us but no longer archived go into the record."""
        ledger, kept, seen = Ledger(self._spec), set(), set[str]()
        for event in self._archive.events(self._spec.job_id, seen=seen):
            ledger.add(event)
            kept.add(event["n"])
        tail = tuple(event for event in self._events if event["n"] not in kept)
        ledger.extend(tail)
        record = ledger.record(state, ended=time.time(), error=error, tail=tail)
        record = replace(record, seen=segments_seen(seen))
        return self._archive.finish(self._spec, record, attempt=layout.WATCHER, watcher=True)
