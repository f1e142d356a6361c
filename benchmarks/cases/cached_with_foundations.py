"""Foundations: one job again and again whose stages are all cached, and the same without a cache; see `again.py`."""

from again import measure
from work import join, step

import foundations

step_stage, join_stage = foundations.create_stage(step), foundations.create_stage(join)


def chain(count: int, start: int) -> foundations.Stage:
    """Return stages that each need the one before."""
    last = step_stage(start)
    for _ in range(count - 1):
        last = step_stage(last)
    return last


def fan_out(count: int, start: int) -> foundations.Stage:
    """Return stages side by side, and one that needs them all."""
    return join_stage([step_stage(start + place) for place in range(count - 1)])


def run(stage: foundations.Stage, *, cached: bool) -> None:
    """Run a job; its result is not read, as nothing computes it anew."""
    (stage.enable_caching() if cached else stage).run()


measure(run, chain=chain, fan_out=fan_out)
