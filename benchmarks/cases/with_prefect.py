"""Prefect, a flow on its own temporary server with a new database, everything else as it comes."""

import work
from prefect import flow, task

step, join = task(work.step), task(work.join)


@flow
def chain(count: int, start: int) -> int:
    """Call tasks one after the other."""
    number = start
    for _ in range(count):
        number = step(number)
    return number


@flow
def fan_out(count: int, start: int) -> int:
    """Map a task, and call one that needs all results."""
    total: int = join(step.map(range(start, start + count)))
    return total


work.measure(chain=chain, fan_out=fan_out)
