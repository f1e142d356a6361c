"""The courier: PID 1 of a job's container, or a process beside the driver, that reports to the archive.

It holds the archive's credentials and outlives the worker, so whatever becomes of the user's code is written down.
"""

import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import FrameType

from foundations_archive import cancellation
from foundations_archive.archive import Archive, new_attempt, open_archive
from foundations_archive.blobs import CHUNK
from foundations_archive.errors import ArchiveError, NotArchived
from foundations_archive.manifest import Manifest
from foundations_archive.packing import pack_after_job
from foundations_archive.records import JobSpec, State
from foundations_archive.retrying import INTERACTIVE, Notice, Patience
from foundations_archive.signing import SigningKey
from foundations_archive.unpacking import unpack
from foundations_runner import cause
from foundations_runner.cancellation_watch import watch_for_cancellation
from foundations_runner.conversation import Conversation
from foundations_runner.handover import graph_of, job_message
from foundations_runner.host import BROKEN, CANCELLED, COMPLETED, FAILED
from foundations_runner.journal import Journal
from foundations_runner.order import Order
from foundations_runner.rehearsal import Rehearsal
from foundations_runner.worker_process import WorkerProcess

_GRACE_SECONDS = 2
_ARRIVING_SECONDS = 15.0


def main() -> int:
    """Run the job whose order comes over standard input, and return this process's exit status."""
    try:
        order = Order.read(sys.stdin.buffer)
        return _Courier(order).run()
    except (ArchiveError, EOFError, OSError) as error:
        print(f"foundations: {error}", file=sys.stderr)
        return BROKEN


class _Courier:
    """One attempt at one job."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._cancelled = False
        self._worker: WorkerProcess | None = None
        self._journal: Journal | None = None
        signal.signal(signal.SIGTERM, self._cancel)
        signal.signal(signal.SIGINT, self._cancel)
        signal.signal(signal.SIGALRM, self._kill)

    def run(self) -> int:
        order = self._order
        if order.private:
            Path(order.private).chmod(0o700)  # the worker must not walk into a mounted archive
        # a host that can't reach the archive at all is found out before the job has begun
        arriving = Patience(silence=min(_ARRIVING_SECONDS, order.outage_seconds), trouble=order.outage_seconds)
        if order.dry is not None:
            return self._rehearse(self._archive(arriving), JobSpec.of(json.loads(order.dry)))
        spec = self._spec(self._archive(arriving))
        archive = self._archive(
            Patience(silence=order.outage_seconds, trouble=order.outage_seconds), notice=self._say_that_we_wait
        )
        attempt = new_attempt()
        with ThreadPoolExecutor(2) as pool:  # none of them needs another
            graph = pool.submit(_small_graph, archive, spec)
            unpacked = pool.submit(self._unpack, archive, spec)
            archive.start(spec.job_id, attempt, {"image": order.image, "time": time.time()})
            self._look_for_cancellation(archive)
            # before the files are there: that may take long, and the job is alive
            self._journal = journal = Journal(archive, spec, attempt=attempt, echo=sys.stdout.buffer)
            journal.open()
        root = unpacked.result()
        journal.add("job started", image=order.image, attempt=attempt)
        state, error = ("Cancelled", None) if self._cancelled else self._attend(archive, spec, journal, root, graph)
        journal.add("job ended", state=state, error=error)
        tail = journal.close()
        record = journal.ledger.record(state, ended=time.time(), error=error, tail=tail)
        record = replace(record, segments=journal.segments, chain=journal.chain)
        archive.finish(spec, record, attempt=attempt)
        if order.temporary:
            shutil.rmtree(order.directory, ignore_errors=True)
        pack_after_job(self._archive(INTERACTIVE), spec)  # the job has ended: it waits for no outage
        return {"Completed": COMPLETED, "Cancelled": CANCELLED}.get(state, FAILED)

    def _rehearse(self, archive: Archive, spec: JobSpec) -> int:
        """Let the worker say what would become of the stages of a job that is in no archive."""
        talk = Rehearsal(archive, echo=sys.stdout.buffer)
        root = self._unpack(archive, spec)
        self._worker = worker = WorkerProcess(
            self._order, root=root, working_directory=root / spec.directory, on_line=talk.line
        )
        message = job_message(spec, self._order, root=str(root), mark=worker.mark)
        listener = threading.Thread(
            target=talk.hold, args=(worker.channel, message, spec), name="listener", daemon=True
        )
        listener.start()
        if self._cancelled:
            self._cancel(signal.SIGTERM, None)
        status = worker.wait()
        signal.alarm(0)
        worker.channel.hang_up()
        listener.join()
        worker.drain()
        talk.end(None if self._cancelled else cause.of(status, memory_kills=0, memory=self._order.memory))
        if self._order.temporary:
            shutil.rmtree(self._order.directory, ignore_errors=True)
        return CANCELLED if self._cancelled else COMPLETED

    def _archive(self, patience: Patience, *, notice: Notice | None = None) -> Archive:
        order = self._order
        return open_archive(
            order.archive,
            cache=order.cache,
            s3=order.s3,
            owner=order.owner,
            patience=patience,
            notice=notice,
            signing=SigningKey.imported(order.signing),
        )

    def _say_that_we_wait(self, error: ArchiveError) -> None:
        """Tell whoever is attached why nothing happens; the archive hears of it when it is back."""
        text = (
            f"foundations: warning: the archive does not answer ({error}); the job goes on, and waits for it for up to "
            f"{self._order.outage_seconds:.0f} s (results_config.outage_seconds)"
        )
        if self._journal is not None:
            # whoever waits may be the journal itself, and nobody may listen
            said = {"stream": "stderr", "text": text}
            threading.Thread(target=self._journal.add, args=("log",), kwargs=said, daemon=True).start()

    def _look_for_cancellation(self, archive: Archive) -> None:
        """Find out whether the job shall still run; from then on it is ended when somebody wants that."""
        self._cancelled = self._cancelled or cancellation.cancellation_requested(archive, self._order.job_id)
        if not self._cancelled:
            watch_for_cancellation(archive, self._order.job_id)

    def _spec(self, archive: Archive) -> JobSpec:
        try:
            # what it names, files and graph, is run as soon as it is here
            return archive.trusting().spec(self._order.job_id)
        except NotArchived as error:
            raise ArchiveError(
                f"job {self._order.job_id} is not in the archive at {archive.location} as its host sees it: the "
                "Docker engine does not share this directory with the driver; use an archive on S3, or an engine "
                "on this machine"
            ) from error

    def _unpack(self, archive: Archive, spec: JobSpec) -> Path:
        root = Path(self._order.directory, "model")
        manifest = Manifest.from_bytes(archive.blobs.get(spec.bundle))
        unpack(manifest, archive.blobs.get, root)
        # where the driver ran may be an empty folder, or one that is not packed
        Path(root, spec.directory).mkdir(parents=True, exist_ok=True)
        if self._order.worker_user is not None:
            _give(root, self._order.worker_user)
        return root

    def _attend(
        self, archive: Archive, spec: JobSpec, journal: Journal, root: Path, graph: Future[list[bytes] | None]
    ) -> tuple[State, str | None]:
        before = cause.out_of_memory_kills()
        self._worker = worker = WorkerProcess(
            self._order,
            root=root,
            working_directory=root / spec.directory,
            on_line=partial(_log, journal, spec),
        )
        talk = Conversation(
            worker.channel,
            archive=archive,
            spec=spec,
            journal=journal,
            notes=worker.notes,
            mark=worker.mark,
            catch_up=worker.catch_up,
            graph=lambda: graph.result() or graph_of(archive, spec),
            cache_read_only=self._order.cache_read_only,
            lease_seconds=self._order.lease_seconds,
        )
        status = self._wait_for(worker, partial(self._converse, talk, root))
        # whoever reads the log later wants to see it there; a terminal gets it from the driver's exception
        for line in ((talk.ended or {}).get("error") or "").splitlines():
            journal.add("log", stream="error", text=line)
        return self._verdict(talk, status, memory_kills=cause.out_of_memory_kills() - before)

    def _wait_for(self, worker: WorkerProcess, listen: Callable[[], None]) -> int:
        """Listen to the worker until it has ended, and return its wait status."""
        listener = threading.Thread(target=listen, name="listener", daemon=True)
        listener.start()
        if self._cancelled:
            self._cancel(signal.SIGTERM, None)
        status = worker.wait()
        signal.alarm(0)
        worker.channel.hang_up()  # a child of the worker may have inherited its end
        listener.join()
        worker.drain()
        return status

    def _converse(self, talk: Conversation, root: Path) -> None:
        talk.hold(self._order, str(root))
        if talk.broken and self._worker:
            self._worker.signal(signal.SIGKILL)

    def _verdict(self, talk: Conversation, status: int, *, memory_kills: int) -> tuple[State, str | None]:
        if self._cancelled and (talk.ended is None or talk.ended["failed"]):
            return "Cancelled", None
        if talk.broken:
            return "Failed", f"the courier could not go on: {talk.broken}"
        if talk.ended is None:
            return "Failed", cause.of(status, memory_kills=memory_kills, memory=self._order.memory)
        if talk.ended["failed"]:
            return "Failed", talk.ended.get("error")
        return "Completed", None

    def _cancel(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._cancelled = True
        if self._worker:
            self._worker.signal(signal.SIGTERM)
            signal.alarm(_GRACE_SECONDS)

    def _kill(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._worker:
            self._worker.signal(signal.SIGKILL)


def _small_graph(archive: Archive, spec: JobSpec) -> list[bytes] | None:
    """Return the bytes of a job's graph, but for one that is too large to lie here until the worker is up."""
    whole = sum(buffer.size for buffer in spec.graph.buffers) <= CHUNK
    return list(graph_of(archive, spec)) if whole else None


def _log(journal: Journal, spec: JobSpec, stream: str, text: str, place: int | None) -> None:
    # any program of the stage's can write a mark that names no stage
    stage = spec.stages[place].id if place is not None and place < len(spec.stages) else None
    journal.add("log", stream=stream, text=text, stage=stage)


def _give(root: Path, user: int) -> None:
    for directory, _, files in os.walk(root):
        os.chown(directory, user, user)
        for name in files:
            os.chown(Path(directory, name), user, user, follow_symlinks=False)
