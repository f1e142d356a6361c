"""The protocol under every schedule that time allows: the real code on a simulated store, with virtual time.

What must hold is in `book.py` (I1 to I9), what goes wrong in `sim_store.Weather`. Everything follows from a seed:

    FOUNDATIONS_SIMULATION_SCHEDULES=20000 pytest tests/archive/faults/simulation -k schedules  # a night
    FOUNDATIONS_SIMULATION_SEED=1234 pytest tests/archive/faults/simulation -k schedules  # one again

A failure prints its seed and every call that was made. An ablation undoes one order of the real code; that each is
found out, within as many schedules, shows that the simulation sees.
"""

import os
import random

import pytest

from foundations_archive import layout
from foundations_archive.envelope import unseal
from tests.archive.faults.simulation.ablations import ABLATIONS, Ablation
from tests.archive.faults.simulation.busy import a_busy_archive
from tests.archive.faults.simulation.collected import a_collected_archive, less_grace
from tests.archive.faults.simulation.life import REAL, Code, Life
from tests.archive.faults.simulation.whole_life import a_whole_life, calls_of_each, every_single_crash

SCHEDULES = int(os.environ.get("FOUNDATIONS_SIMULATION_SCHEDULES", "400"))
SEED = os.environ.get("FOUNDATIONS_SIMULATION_SEED")
_SHARES = 4


def told(life: Life) -> str:
    """Return what happened, for whoever wants to know why."""
    trace = "\n".join(life.world.trace)
    return f"{trace}\n{life.store.weather}\nseed {life.seed}, crashes {life.world.crashes}:\n" + "\n".join(
        life.book.broken
    )


@pytest.mark.parametrize("share", range(_SHARES))
def test_all_schedules_keep_every_promise(share: int) -> None:
    seeds = range(share, SCHEDULES, _SHARES) if SEED is None else [int(SEED)] * (share == 0)
    for seed in seeds:
        life = a_busy_archive(seed)
        broken = life.run()
        assert not broken, told(life)


def run_collected(seed: int, code: Code = REAL) -> Life:
    with less_grace():
        life = a_collected_archive(seed, code)
        life.run()
    return life


def test_collections_beside_jobs_keep_every_promise() -> None:
    deleted = 0
    for seed in range(SCHEDULES // 4):
        life = run_collected(seed)
        assert not life.book.broken, told(life)
        deleted += sum("delete blobs/" in line for line in life.world.trace)
    assert deleted > 0


def test_a_seed_is_one_schedule() -> None:
    first, second = a_busy_archive(11), a_busy_archive(11)
    assert first.run() == second.run() == []
    assert first.world.trace == second.world.trace
    assert a_busy_archive(12).run() == []


def test_schedules_meet_what_can_go_wrong() -> None:
    met = dict.fromkeys(("killed before", "killed after", "killed late", "no answer", "post.json", "cancel.json"), 0)
    states, tails = set(), set()
    for seed in range(60):
        life = a_busy_archive(seed)
        life.run()
        done = [key for key in life.store.keys(layout.JOBS) if key.endswith("/done.json")]
        tails |= {bool(unseal("job", life.store.peek(key) or b"", key)["tail"]) for key in done}
        trace = "\n".join(life.world.trace)
        met = {word: count + (word in trace) for word, count in met.items()}
        states |= {state for _, state in life.book._seen.values()}
    assert all(met.values()), met
    assert tails == {True, False}  # last events in the record that seals the job, and in a segment
    assert {"Completed", "Failed", "Cancelled"} <= states


@pytest.mark.parametrize("ablation", ABLATIONS, ids=lambda ablation: ablation.name)
def test_an_ablation_is_found_out(ablation: Ablation) -> None:
    with ablation.undone() as code:
        for seed in range(5 * SCHEDULES):  # some need a rare meeting, and most are found at once
            broken = run_collected(seed, code).book.broken if ablation.collected else a_busy_archive(seed, code).run()
            if any(fault.startswith(ablation.breaks) for fault in broken):
                return
    pytest.fail(f"nobody noticed: {ablation.name}")


def test_every_single_crash_keeps_every_promise() -> None:
    calls = calls_of_each()
    assert {name.split()[0] for name in calls} >= {"driver", "courier", "canceller"}
    for crashes in every_single_crash(calls):
        life = a_whole_life(crashes)
        assert not life.run(), told(life)
        assert any("killed" in line for line in life.world.trace), told(life)


def test_two_crashes_keep_every_promise() -> None:
    single = list(every_single_crash(calls_of_each()))
    choice = random.Random(1)
    for _ in range(max(SCHEDULES // 4, 10)):
        life = a_whole_life({**choice.choice(single), **choice.choice(single)})
        assert not life.run(), told(life)
