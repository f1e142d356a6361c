"""The environment `local`: courier and worker as processes of this machine, only the container is missing."""

import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from foundations_runner.host import Ending, JobRequest, Stream
from foundations_runner.order import Order
from foundations_runner.runtime import Runtime

_GRACE_SECONDS = 4
_READ_BYTES = 65536


class ProcessHost:
    """Runs jobs with the driver's own Python."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def prepare(self) -> None:
        """Return at once: the driver's own Python is the environment."""

    def start(self, request: JobRequest) -> "LocalJob":
        """Start the courier of a job as a process that outlives this one."""
        directory = Path(tempfile.mkdtemp(prefix="foundations-"))
        order = Order.of(request, runtime=str(self._runtime.path), directory=str(directory), python=sys.executable)
        order = replace(order, temporary=True)
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(self._runtime.path / "start_courier.py")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except BaseException:
            directory.rmdir()
            raise
        assert process.stdin is not None
        try:
            process.stdin.write(order.encoded())
            process.stdin.close()
        except BrokenPipeError:
            pass  # it died at once: its exit status and its words say why
        return LocalJob(process, directory)


class LocalJob:
    """A job that runs as a process."""

    def __init__(self, process: "subprocess.Popen[bytes]", directory: Path) -> None:
        self._process, self._directory = process, directory

    def output(self) -> Iterator[tuple[Stream, bytes]]:
        """Yield what the courier writes, as it comes, until it has ended."""
        with selectors.DefaultSelector() as selector:
            for name, stream in (("stdout", self._process.stdout), ("stderr", self._process.stderr)):
                if stream:
                    selector.register(stream, selectors.EVENT_READ, name)
            while selector.get_map():
                for key, _ in selector.select():
                    chunk = os.read(key.fd, _READ_BYTES)
                    if chunk:
                        yield key.data, chunk
                    else:
                        selector.unregister(key.fileobj)

    def wait(self) -> Ending:
        """Wait until the courier has ended, and return how."""
        return Ending(self._process.wait())

    def stop(self) -> None:
        """Ask the courier to end its job, force it after a grace period, and return once it is gone."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def remove(self) -> None:
        """Delete the job's working directory."""
        self._close()
        shutil.rmtree(self._directory, ignore_errors=True)

    def release(self) -> None:
        """Close our ends of the courier's pipes; it goes on without a reader, and removes its directory itself."""
        self._close()
        # nobody else would reap it while this process lives
        threading.Thread(target=self._process.wait, name="reaper", daemon=True).start()

    def _close(self) -> None:
        for stream in (self._process.stdout, self._process.stderr):
            if stream:
                stream.close()
