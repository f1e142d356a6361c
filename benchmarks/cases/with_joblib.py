"""joblib: threads for a fan-out; `cached` as third argument: `Memory` in a new directory around each call."""

import sys

from joblib import Memory, Parallel, delayed
from work import join, measure, step

call = Memory("memory", verbose=0).cache(step) if "cached" in sys.argv else step


def chain(count: int, start: int) -> int:
    """Call one after the other: threads have nothing to share here."""
    number = start
    for _ in range(count):
        number = call(number)
    return number


def fan_out(count: int, start: int) -> int:
    """Call each in a pool of threads, then join."""
    return join(Parallel(n_jobs=-1, backend="threading")(delayed(call)(start + place) for place in range(count)))


measure(chain=chain, fan_out=fan_out)
