"""A process of stages that asked for one: it may crash, and it can be ended, without the worker."""

import os
import pickle
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from traceback import format_exception_only
from typing import Any, NoReturn

from foundations import current
from foundations.forked import call_unforked
from foundations.keys.attribution import unobserved
from foundations.keys.closure import Closures
from foundations.keys.global_state import GlobalState
from foundations.keys.observer import Observer, Watch
from foundations.keys.user_code import UserCode
from foundations.originals import described
from foundations.output import Output
from foundations.pickler import dumps
from foundations.plain import tagged_float
from foundations.report import Channel, buffers
from foundations.stage_threads import threads_belong_to_their_stage
from foundations.tracebacks import user_traceback
from foundations.tracking import know_parameters
from foundations.values import encode


def main(channel: Channel) -> None:
    """Run the stages that come over `channel` until it is closed."""
    setting = channel.receive()
    sys.path[:0] = setting["paths"]
    current.job_id = setting["job_id"]
    know_parameters(setting["parameters"])
    current.metric_log = current.line = _Relay(channel)
    threads_belong_to_their_stage()
    output = Output(setting["mark"], setting["places"])
    observing = _Observing(setting["root"], setting["paths"])
    while True:
        try:
            message = channel.receive()
        except EOFError:
            _leave()
        _run(channel, message, output, setting, observing)


class _Observing:
    """Watches the stages that are cached, and costs nothing in a process that has none."""

    def __init__(self, root: str, paths: Sequence[str]) -> None:
        self._root, self._paths = root, paths
        self._observer: Observer | None = None
        self._closures: Closures | None = None

    def of(self, message: Mapping[str, Any]) -> Watch | None:
        """Return what watches a stage, or None where nobody wants to know."""
        if message["code"] is None:
            return None
        if self._observer is None:
            code = UserCode.of(Path(self._root), self._paths)
            self._closures = Closures(code)
            self._observer = Observer(self._root, owns=code.owns)
            self._observer.install()
            self._observer.settings.begin()
        return self._observer.watching(message["stage"], collects_code=True)

    @contextmanager
    def guarding(self, watch: Watch, function: Callable[..., Any], digest: str) -> Iterator[None]:
        """See to it that nothing is kept where the stage finds globals changed in its process, or changes some."""
        assert self._closures is not None
        assert self._observer is not None
        with unobserved():
            closure = self._closures.again().of(function)
            state = GlobalState(closure, self._closures)
        if closure.digest != digest:
            watch.spoil("an earlier stage has changed what it uses in the process that ran it")
        if found := self._observer.settings.found():
            watch.spoil(f"an earlier stage has changed {', '.join(found)} in the process that ran it")
        yield
        with unobserved():
            changed = state.changed()
        if changed:
            watch.spoil(f"{changed} changed while it ran, which it uses")


class _Relay:
    """Says to the worker what this process logs."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def metric(self, stage: str, key: str, value: Any) -> None:
        told = {"stage": stage, "key": key, "value": tagged_float(value), "time": time.time()}
        self._channel.send({"say": "metric", **told})

    def note(self, message: Mapping[str, Any]) -> None:
        self._channel.send({"say": "note", "message": message})

    def send(self, message: Mapping[str, Any], parts: Iterable[memoryview | bytes]) -> None:
        self._channel.send({"say": "send", "message": message}, parts)

    def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self._channel.ask({"say": "ask", "message": message}, dict)
        return answer


def _run(
    channel: Channel, message: Mapping[str, Any], output: Output, setting: Mapping[str, Any], observing: _Observing
) -> None:
    stage = message["stage"]
    output.begin(stage)
    watch = None
    try:
        # taken off the channel first: an argument that can't be unpickled must not leave half of itself there
        data = list(buffers(channel, message))
        watch = observing.of(message)
        function, args, kwargs = pickle.loads(data[0], buffers=data[1:])
        guarded = observing.guarding(watch, function, message["code"]) if watch else nullcontext()
        with current.running(stage), watch or nullcontext(), guarded:
            result = call_unforked(function, args, kwargs)
        encoding, parts = _encoded(result)
    except BaseException as error:  # noqa: BLE001 - whatever a stage raises is raised again in the worker
        output.end(stage)
        seen = watch.told() if watch is not None else None
        channel.send({"say": "raised", "observed": seen, **_told(error, setting)}, _pickled(error))
        return
    output.end(stage)
    observed = watch.told() if watch is not None else None
    channel.send({"say": "returned", "encoding": encoding, "observed": observed}, parts)


def _told(error: BaseException, setting: Mapping[str, Any]) -> dict[str, Any]:
    traceback = user_traceback(error, setting["root"], verbose=setting["error_verbosity"] == "verbose")
    text = "".join(format_exception_only(error)).strip()  # an exception's own __str__ may raise
    return {"text": text, "traceback": traceback, "exception": described(error)}


def _encoded(result: Any) -> tuple[str, list[memoryview]]:
    try:
        return encode(result)
    except Exception as error:
        raise TypeError(
            f"a result of type {type(result).__qualname__} can't leave the stage's process, it can't be serialized "
            f"({error}); run the stage in a thread: options(process=False)"
        ) from error


def _pickled(error: BaseException) -> list[bytes]:
    try:
        data = dumps(error)
        pickle.loads(data)
    except Exception:  # noqa: BLE001 - an exception of the user's may not survive; its traceback does
        return []
    return [data]


def _leave() -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads that a stage left behind hold nobody up
