"""Threads and tasks of pools that a stage starts: what they log and print is the stage's."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from foundations import current


def threads_belong_to_their_stage() -> None:
    """Let every thread that is started from now on, and every task of a pool, belong to the stage that asked for it."""
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    def start_in_stage(thread: threading.Thread) -> None:
        asked = current.own_stage()
        if asked is not None:
            run = thread.run
            thread.run = lambda: current.run_in(asked, run)  # type: ignore[method-assign]
        start(thread)

    def submit_in_stage(pool: ThreadPoolExecutor, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        asked = current.own_stage()
        task: Future[Any] = (
            submit(pool, function, *args, **kwargs)
            if asked is None
            else submit(pool, current.run_in, asked, function, *args, **kwargs)
        )
        return task

    threading.Thread.start = start_in_stage  # type: ignore[method-assign, assignment]
    ThreadPoolExecutor.submit = submit_in_stage  # type: ignore[method-assign, assignment]
