"""redun: the same expression again, its results in a SQLite file, by the same scheduler."""

import sys
import threading
from pathlib import Path
from typing import Any

import again
import work
from redun import Scheduler, task
from redun.config import Config

step = task(name="step", namespace="bench")(work.step)
join = task(name="join", namespace="bench")(work.join)

scheduler = Scheduler(config=Config({"backend": {"db_uri": f"sqlite:///{Path.cwd()}/redun.db"}}))
scheduler.load(migrate=True)


def chain(count: int, start: int) -> Any:
    """Return an expression of calls that each need the one before."""
    last = step(start)
    for _ in range(count - 1):
        last = step(last)
    return last


def fan_out(count: int, start: int) -> Any:
    """Return calls side by side, and one that needs them all."""
    return join([step(start + place) for place in range(count - 1)])


def run(expression: Any, *, cached: bool) -> None:
    """Run an expression."""
    del cached
    scheduler.run(expression)


def measure() -> None:
    """Measure, in a thread that has a stack for any recursion."""
    again.measure(run, plain=False, chain=chain, fan_out=fan_out)


sys.setrecursionlimit(10**6)
threading.stack_size(1 << 30)
thread = threading.Thread(target=measure)
thread.start()
thread.join()
