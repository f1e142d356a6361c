"""One job's whole life in fine weather, in which one process or two can be killed at any of their calls."""

from collections.abc import Iterator, Mapping

from tests.archive.faults.simulation.busy import a_plan
from tests.archive.faults.simulation.life import REAL, Code, Life
from tests.archive.faults.simulation.sim_store import Weather
from tests.archive.faults.simulation.world import DAY, When

Crashes = Mapping[str, tuple[int, When]]

_SEED = 7
_WHENS: tuple[When, ...] = ("before", "after", "late")


def a_whole_life(crashes: Crashes, code: Code = REAL, *, weather: Weather = Weather(), seed: int = _SEED) -> Life:  # noqa: B008 - it is frozen
    """Return a world with a job from its submission to its end, and who else touches what it leaves."""
    life = Life(seed, weather, code)
    life.world.crashes.update(crashes)
    first, second = a_plan(life, "job-0", project="red"), a_plan(life, "job-1", project="red")
    for number, plan in enumerate((first, second)):
        life.book.tried[plan.spec.job_id] = plan.spec
        life.add(f"driver {number}", life.after(30.0 * number, life.driver, plan))
    life.add("canceller", life.after(0, life.canceller, second.spec, after=45.0))
    life.add("packer", life.after(100.0, life.compactor, 2, pause=700.0))
    life.add("mender", life.after(0, life.mender, after=90_000.0))
    life.add("collector", life.after(8 * DAY, life.collector, 2, grace=7 * DAY, interval=DAY))
    life.add("leaver", life.after(0, life.leaver, b"left"), crashes=False)
    life.add("reader", life.after(0, life.reader, 12, pause=10.0), crashes=False)
    life.add("the last reader", life.at_last, crashes=False)
    return life


def calls_of_each(code: Code = REAL) -> dict[str, int]:
    """Return how many calls each process that may be killed makes where none is."""
    life = a_whole_life({}, code)
    assert life.run() == []
    return {process.name: process.calls for process in life.world.processes if process.may_crash}


def every_single_crash(calls: Mapping[str, int]) -> Iterator[Crashes]:
    """Give every call of every process, with its crash before it, after it, and with it still under way."""
    for name, count in calls.items():
        for number in range(1, count + 1):
            for when in _WHENS:
                yield {name: (number, when)}
