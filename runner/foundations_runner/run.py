"""A job's run as its driver sees it: started, followed, and sealed by the driver where the courier could not."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from foundations_archive.archive import Archive, new_attempt
from foundations_archive.ledger import Event, Ledger
from foundations_archive.records import JobRecord, JobSpec, State
from foundations_runner import cause
from foundations_runner.endings import endings_as_exits
from foundations_runner.errors import CourierFailed, EngineRefused
from foundations_runner.host import Ending, Host, JobRequest, RunningJob
from foundations_runner.interrupts import further_interrupts_held, interrupts_held

OnEvent = Callable[[Event], None]

_LAST_WORDS = 20


def run_job(host: Host, request: JobRequest, *, archive: Archive, spec: JobSpec, on_event: OnEvent) -> JobRecord:
    """Run a job that is in the archive, and return the record that seals it.

    `on_event` sees every event but the metrics as it happens. Ctrl-C, SIGTERM and SIGHUP end the job, seal it as
    Cancelled and are raised again. Whatever happens, nothing of the job is left on the host.
    """
    with endings_as_exits():
        return _run(host, request, archive=archive, spec=spec, follower=_Follower(on_event))


def _run(host: Host, request: JobRequest, *, archive: Archive, spec: JobSpec, follower: "_Follower") -> JobRecord:
    job: RunningJob | None = None
    with further_interrupts_held():
        try:
            host.prepare()
            with interrupts_held():
                job = host.start(request)
            ending = _follow(job, follower)
            record = archive.sealed(spec.job_id) or _seal_dead(archive, spec, follower, ending)
            with interrupts_held():
                job.remove()
        except BaseException as error:
            # an engine that is gone can't be tidied up, and that it is gone is the better message
            with interrupts_held(), suppress(EngineRefused):
                _abandon(job, archive, spec, follower, error)
            raise
        return record


def _abandon(
    job: RunningJob | None, archive: Archive, spec: JobSpec, follower: "_Follower", error: BaseException
) -> None:
    """Stop a job, seal it unless it is, and remove it; one that can't be stopped is its courier's to seal."""
    state: State = "Cancelled" if isinstance(error, KeyboardInterrupt | SystemExit) else "Failed"
    try:
        if job is not None:
            job.stop()
        if archive.sealed(spec.job_id) is None:
            _seal(archive, spec, follower, state=state, error=None if state == "Cancelled" else str(error))
    finally:
        if job is not None:
            job.remove()


class _Follower:
    """What the courier has written so far."""

    def __init__(self, on_event: OnEvent) -> None:
        self._on_event = on_event
        self._rest = b""
        self.events: list[Mapping[str, Any]] = []
        self.words = b""

    def take(self, stream: str, chunk: bytes) -> None:
        if stream == "stderr":
            self.words += chunk
            return
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        # at once: it is several times as fast
        for event in json.loads(b"[%b]" % b",".join(lines)):
            self.events.append(event)
            self._on_event(event)


def _follow(job: RunningJob, follower: _Follower) -> Ending:
    for stream, chunk in job.output():
        follower.take(stream, chunk)
    return job.wait()


def _seal_dead(archive: Archive, spec: JobSpec, follower: _Follower, ending: Ending) -> JobRecord:
    words = follower.words.decode("utf-8", "backslashreplace").strip().splitlines()[-_LAST_WORDS:]
    reason = "\n".join(words).removeprefix("foundations: ") or cause.of_courier(ending.status)
    error = f"{reason}; {ending.remark}" if ending.remark else reason
    if not follower.events and words:
        _seal(archive, spec, follower, state="Failed", error=error)
        raise CourierFailed(error)
    return _seal(archive, spec, follower, state="Failed", error=error)


def _seal(archive: Archive, spec: JobSpec, follower: _Follower, *, state: State, error: str | None = None) -> JobRecord:
    """Seal a job whose courier can't; events that it told us but no longer archived go into the record."""
    ledger, kept = Ledger(spec), set()
    for event in archive.events(spec.job_id):
        ledger.add(event)
        kept.add(event["n"])
    tail = tuple(event for event in follower.events if event["n"] not in kept)
    ledger.extend(tail)
    record = ledger.record(state, ended=time.time(), error=error, tail=tail)
    archive.finish(spec, record, attempt=new_attempt(), watcher=True)
    return record
