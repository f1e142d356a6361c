"""joblib: a loop over calls of a function with a `Memory`, in a new directory."""

from again import measure
from joblib import Memory
from work import join, step

call = Memory("memory", verbose=0).cache(step)
Work = tuple[str, int, int]


def chain(count: int, start: int) -> Work:
    """Return what a chain is made of."""
    return "chain", count, start


def fan_out(count: int, start: int) -> Work:
    """Return what a fan-out is made of."""
    return "fan_out", count, start


def run(graph: Work, *, cached: bool) -> None:
    """Call one after the other."""
    del cached
    shape, count, number = graph
    if shape == "fan_out":
        join([call(number + place) for place in range(count - 1)])
        return
    for _ in range(count):
        number = call(number)


measure(run, plain=False, chain=chain, fan_out=fan_out)
