"""A stage's events never come before the end of what it follows, whichever way that end travels."""

from foundations_archive.records import StageSpec
from foundations_runner.holdback import Event, Holdback


def stages(**parents: tuple[str, ...]) -> tuple[StageSpec, ...]:
    return tuple(StageSpec(name, name, "f", above) for name, above in parents.items())


def started(stage: str) -> Event:
    return "stage started", {"stage": stage}


def ended(stage: str) -> Event:
    return "stage ended", {"stage": stage}


def logged(stage: str) -> Event:
    return "metrics", {"stage": stage}


def test_what_follows_an_end_that_is_still_on_its_way_waits_for_it() -> None:
    holdback = Holdback(stages(load=(), split=("load",), other=()))
    before = [started("load"), logged("load"), started("other")]
    after = [ended("other"), started("split"), logged("split"), ended("split")]
    assert holdback.let_through([*before, *after]) == [*before, after[0]]
    assert holdback.let_through([logged("other")]) == []
    holdback.ended("load")
    assert holdback.let_through([]) == [*after[1:], logged("other")]


def test_an_end_that_comes_the_same_way_lets_all_through() -> None:
    holdback = Holdback(stages(load=(), split=("load",)))
    events = [started("load"), ended("load"), started("split"), ended("split")]
    assert [event for one in events for event in holdback.let_through([one])] == events


def test_a_stage_waits_for_all_that_it_needs() -> None:
    holdback = Holdback(stages(left=(), right=(), both=("left", "right")))
    assert holdback.let_through([started("both")]) == []
    holdback.ended("right")
    assert holdback.let_through([]) == []
    holdback.ended("left")
    assert holdback.let_through([]) == [started("both")]
    assert holdback.rest() == []


def test_a_stage_that_the_job_does_not_know_waits_for_nothing() -> None:
    assert Holdback(()).let_through([started("s")]) == [started("s")]


def test_what_waits_for_an_end_that_never_comes_is_the_rest() -> None:
    holdback = Holdback(stages(load=(), split=("load",)))
    holdback.let_through([started("split"), logged("split")])
    assert holdback.rest() == [started("split"), logged("split")]
    assert holdback.rest() == []
