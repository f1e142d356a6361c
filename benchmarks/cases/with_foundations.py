"""Foundations, one job in the environment that the variables select; `cached` as third argument: every stage cached."""

import sys

from work import join, measure, step

import foundations

step_stage, join_stage = foundations.create_stage(step), foundations.create_stage(join)


def chain(count: int, start: int) -> int:
    """Run one job of stages that each need the one before."""
    last = step_stage(start)
    for _ in range(count - 1):
        last = step_stage(last)
    return value(last)


def fan_out(count: int, start: int) -> int:
    """Run one job of stages side by side, and one that needs them all."""
    return value(join_stage([step_stage(start + place) for place in range(count)]))


def value(stage: foundations.Stage) -> int:
    """Run the stage and read its result back from the archive."""
    if "cached" in sys.argv:
        stage.enable_caching()
    result: int = stage.persist().run().result()
    return result


measure(chain=chain, fan_out=fan_out)
