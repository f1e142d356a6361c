"""The worker: runs a job's stages in the user's environment, and says to the courier what becomes of them."""

import pickle
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from foundations import current
from foundations.cache_key import CacheKeys
from foundations.execute import Hit, Outcome, StageFailed, execute
from foundations.graph import Call, StageGraph
from foundations.tracebacks import user_traceback
from foundations.values import decode


class Channel(Protocol):
    """The pipe to the courier."""

    def send(self, message: Mapping[str, Any], buffers: Iterable[memoryview | bytes] = ()) -> None:
        """Send a message and the buffers that belong to it."""

    def receive(self) -> dict[str, Any]:
        """Return the next message."""

    def buffer(self, size: int) -> bytearray:
        """Return the next buffer of a message."""

    def ask(self, message: Mapping[str, Any], then: Any) -> Any:
        """Send a question, and return what `then` makes of the answer."""


def main(channel: Channel) -> None:
    """Run the job that comes over `channel`."""
    job = channel.receive()
    graph = b"".join(_buffers(channel, job))
    failed, error = False, None
    try:
        _refuse_other_python(job["python"])
        sys.path[:0] = [str(Path(job["root"], path)) for path in job["paths"]]
        current.job_id = job["job_id"]
        report = current.metric_log = _Report(channel)
        _execute(pickle.loads(graph), job, report)
    except StageFailed as failure:
        failed, error = True, _with_hint(failure.traceback, failure.__cause__)
    except BaseException as failure:  # noqa: BLE001 - whatever keeps the job from starting is the user's to see
        failed, error = True, _with_hint(_traceback(failure, job), failure)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the user's code may have closed it, or put something else there
            stream.flush()
    channel.send({"say": "finished", "failed": failed, "error": error})


class _Report:
    """Says to the courier what happens; safe from any thread, as the channel is."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._lock = threading.Lock()

    def metric(self, stage: str, key: str, value: Any) -> None:
        self._channel.send({"say": "metric", "stage": stage, "key": key, "value": value, "time": time.time()})

    def started(self, call: Call) -> None:
        self._channel.send({"say": "started", "stage": call.id})

    def cached(self, call: Call, key: str) -> Hit | None:
        question = {"say": "lookup", "stage": call.id, "key": key, "persisted": call.persisted}
        return self._channel.ask(question, self._hit)  # type: ignore[no-any-return]

    def ended(self, call: Call, outcome: Outcome) -> None:
        # one after the other: a value and the end of its stage belong together
        with self._lock:
            if outcome.encoding is not None:
                self._channel.send(
                    {
                        "say": "value",
                        "stage": call.id,
                        "encoding": outcome.encoding,
                        "cached": outcome.cache_key is not None,
                        "persisted": call.persisted,
                    },
                    outcome.buffers,
                )
            self._channel.send(
                {
                    "say": "ended",
                    "stage": call.id,
                    "status": outcome.status,
                    "seconds": outcome.seconds,
                    "error": outcome.error,
                    "exception": outcome.exception,
                    "unserializable": outcome.unserializable,
                    "cache_key": outcome.cache_key,
                    "cached_from": outcome.cached_from,
                    "persisted": call.persisted,
                    "keep": outcome.cache_key is not None and outcome.encoding is not None,
                }
            )

    def _hit(self, answer: dict[str, Any]) -> Hit | None:
        if not answer["hit"]:
            return None
        buffers = list(_buffers(self._channel, answer))
        try:
            return Hit(decode(answer["encoding"], buffers), answer["job_id"])
        except Exception as error:  # noqa: BLE001 - unpickling runs the user's own code, which may raise anything
            text = f"foundations: warning: a cached result can't be unpickled and is computed anew: {error}"
            print(text, file=sys.stderr, flush=True)
            return None


def _execute(graph: StageGraph, job: Mapping[str, Any], report: _Report) -> None:
    keys = CacheKeys(
        bundle=job["bundle"], environment=job["environment_key"], root=Path(job["root"]), directory=job["directory"]
    )
    execute(graph, reporter=report, key_of=keys.key, traceback=partial(_traceback, job=job))


def _traceback(error: BaseException, job: Mapping[str, Any]) -> str:
    return user_traceback(error, job["root"], verbose=job["error_verbosity"] == "verbose")


def _buffers(channel: Channel, message: Mapping[str, Any]) -> Iterator[bytearray]:
    for size in message.get("sizes", ()):
        yield channel.buffer(size)


def _refuse_other_python(wanted: str) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if here != wanted:
        raise RuntimeError(
            f"the driver runs Python {wanted} and the job's environment has Python {here}; code can't travel "
            f"between them: use a base image with Python {wanted} (docker_config.base_image)"
        )


def _with_hint(text: str, error: BaseException | None) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"{text}\n\nfoundations: {error.name} is neither in the model directory nor installed where the job "
            "runs; a package belongs into requirements.txt, which counts in the environment docker"
        )
    return text
