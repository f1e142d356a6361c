"""A dry run as its driver sees it: the courier's events, up to the end, and nothing left on the host."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from foundations_runner import cause
from foundations_runner.endings import endings_as_exits
from foundations_runner.errors import CourierFailed
from foundations_runner.host import CANCELLED, COMPLETED, Host, JobRequest, RunningJob
from foundations_runner.interrupts import interrupts_held

OnEvent = Callable[[Mapping[str, Any]], None]

_ORDERLY = frozenset({COMPLETED, CANCELLED})


def dry_run(host: Host, request: JobRequest, on_event: OnEvent) -> None:
    """Let a host say what would become of the stages of a job; `on_event` hears it.

    Raise `CourierFailed` where the courier could not say, and whatever keeps the host from starting it.
    """
    host.prepare()
    with endings_as_exits():
        with interrupts_held():
            job = host.start(request)
        try:
            words = _follow(job, on_event)
            ending = job.wait()
        except BaseException:
            job.stop()
            raise
        finally:
            with interrupts_held():
                job.remove()
    if ending.status not in _ORDERLY:
        reason = words.decode("utf-8", "backslashreplace").strip().removeprefix("foundations: ")
        raise CourierFailed("; ".join(filter(None, (reason or cause.of_courier(ending.status), ending.remark))))


def _follow(job: RunningJob, on_event: OnEvent) -> bytes:
    """Hand on the events of a courier as they come, and return what it has said beside them."""
    rest, words = b"", b""
    for stream, chunk in job.output():
        if stream == "stderr":
            words += chunk
            continue
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            on_event(json.loads(line))
    return words
