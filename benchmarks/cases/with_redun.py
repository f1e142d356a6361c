"""redun, its database a new SQLite file, everything else as it comes, but for the recursion that a long chain needs."""

import sys
import threading
from pathlib import Path

import work
from redun import Scheduler, task
from redun.config import Config

step = task(name="step", namespace="bench")(work.step)
join = task(name="join", namespace="bench")(work.join)

scheduler = Scheduler(config=Config({"backend": {"db_uri": f"sqlite:///{Path.cwd()}/redun.db"}}))
scheduler.load(migrate=True)


def chain(count: int, start: int) -> int:
    """Run an expression of calls that each need the one before."""
    last = step(start)
    for _ in range(count - 1):
        last = step(last)
    number: int = scheduler.run(last)
    return number


def fan_out(count: int, start: int) -> int:
    """Run calls side by side, and one that needs them all."""
    total: int = scheduler.run(join([step(start + place) for place in range(count)]))
    return total


def measure() -> None:
    """Measure, in a thread that has a stack for any recursion."""
    work.measure(chain=chain, fan_out=fan_out)


sys.setrecursionlimit(10**6)
threading.stack_size(1 << 30)
thread = threading.Thread(target=measure)
thread.start()
thread.join()
