"""The courier's eye on the archive for the request that its job ends."""

import signal
import threading
import time

from foundations_archive import cancellation
from foundations_archive.archive import Archive
from foundations_archive.errors import ArchiveError

WATCH_SECONDS = 2.0


def watch_for_cancellation(archive: Archive, job_id: str) -> None:
    """Send this process SIGTERM once the archive holds the request that the job ends, looking every two seconds."""
    main = threading.main_thread().ident
    assert main is not None
    threading.Thread(target=_watch, args=(archive, job_id, main), name="cancellation watch", daemon=True).start()


def _watch(archive: Archive, job_id: str, main: int) -> None:
    while True:
        time.sleep(WATCH_SECONDS)
        try:
            if cancellation.cancellation_requested(archive, job_id):
                # to the main thread: in another one the signal would not wake it where it waits for the worker
                signal.pthread_kill(main, signal.SIGTERM)
                return
        except ArchiveError:
            continue  # out of reach for now: what it holds will be seen when it is back
