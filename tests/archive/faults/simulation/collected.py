"""An archive with collectors: blobs that nothing names any more, and jobs that find them useful again.

The grace of seven days is one of less than an hour here, and all that is set beside it is as much shorter.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tests.archive.faults.simulation.busy import a_plan
from tests.archive.faults.simulation.life import PROJECTS, REAL, Code, Life, bundle
from tests.archive.faults.simulation.sim_store import Weather
from tests.archive.faults.simulation.world import World

GRACE = 3000.0
_INTERVAL = GRACE / 7
# who has put a blob has to name it within half of the grace: no writer is suspended for longer here, others are
_WRITERS_STALL = 0.45 * GRACE
_STALLS = (1.0, 60.0, GRACE / 5, GRACE, 3 * GRACE)


@contextmanager
def less_grace() -> Iterator[None]:
    """Let writers believe in the shorter grace, and couriers that run for long look around less often."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("foundations_archive.blobs.GRACE_SECONDS", GRACE)
        patch.setattr("foundations_runner.journal.FLUSH_SECONDS", 15.0)
        patch.setattr("foundations_runner.cancellation_watch.WATCH_SECONDS", 300.0)
        yield


def a_collected_archive(seed: int, code: Code = REAL) -> Life:
    """Return a world in which code and results of long ago come back just when a collector is about to delete them."""
    random = World(seed).random
    weather = Weather(
        listing_delay=random.choice((0.0, 2.0)),
        lost=random.choice((0.0, 0.02)),
        stalls=random.choice((0.0, 0.01, 0.04)),
        stall_seconds=_STALLS,
        in_flight=5.0,
        crashes=random.choice((0.0, 0.005)),
    )
    life = Life(seed, weather, code)
    random = life.world.random
    plans = [a_plan(life, f"job-{number}") for number in range(3)]
    left = {data for project in PROJECTS for data in bundle(project)}.union(*(plan.results() for plan in plans))
    for data in sorted(left):
        life.add("leaver", life.after(0, life.leaver, data), crashes=False)
    for number, plan in enumerate(plans):
        life.book.tried[plan.spec.job_id] = plan.spec
        seconds = (random.choice((1.0, 40.0)), random.choice((1.0, 40.0, 1.5 * GRACE)))
        begin = GRACE + random.uniform(0.5, 6) * _INTERVAL
        driver = life.after(begin, life.driver, replace(plan, fails=None, seconds=seconds))
        life.add(f"driver {number}", driver).longest_stall = _WRITERS_STALL
    for number in range(2):
        collector = life.after(GRACE - 2 * _INTERVAL, life.collector, 10, grace=GRACE, interval=_INTERVAL)
        life.add(f"collector {number}", collector, crashes=number == 0)
    life.add("reader", life.after(GRACE, life.reader, 5, pause=_INTERVAL), crashes=False)
    life.add("the last reader", life.at_last, crashes=False)
    return life
