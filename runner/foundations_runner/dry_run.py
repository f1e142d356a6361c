"""A dry run as its driver sees it: the courier's events, up to the end, and nothing left on the host."""

from collections.abc import Callable, Mapping
from typing import Any

from foundations_runner.endings import endings_as_exits
from foundations_runner.errors import CourierFailed
from foundations_runner.following import Follower
from foundations_runner.host import CANCELLED, COMPLETED, Host, JobRequest
from foundations_runner.interrupts import interrupts_held

OnEvent = Callable[[Mapping[str, Any]], None]

_ORDERLY = frozenset({COMPLETED, CANCELLED})


def dry_run(host: Host, request: JobRequest, on_event: OnEvent) -> None:
    """Let a host say what would become of the stages of a job; `on_event` hears it.

    Raise `CourierFailed` where the courier could not say, and whatever keeps the host from starting it.
    """
    host.prepare()
    follower = Follower(on_event)
    with endings_as_exits():
        with interrupts_held():
            job = host.start(request)
        try:
            for stream, chunk in job.output():
                follower.take(stream, chunk)
            ending = job.wait()
        except BaseException:
            job.stop()
            raise
        finally:
            with interrupts_held():
                job.remove()
    if ending.status not in _ORDERLY:
        raise CourierFailed(follower.failure(ending))
