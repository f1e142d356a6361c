"""What served the last job of a shape is read ahead of the next one, and is no more than a guess."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from foundations_archive import layout
from foundations_archive.archive import Archive, open_archive
from foundations_archive.errors import ArchiveUnreachable
from foundations_archive.local import DirectoryStore
from foundations_archive.records import Argument, CacheEntry, JobSpec, StageSpec, Value
from foundations_archive.signing import SigningKey
from foundations_runner.expected import Expected
from tests.runner.conftest import Jobs

COUNT = 20


def key(number: int) -> str:
    return f"{number:064x}"


@pytest.fixture
def archive(jobs: Jobs) -> Archive:
    archive = jobs.archive
    for number in range(COUNT):
        archive.keep(key(number), CacheEntry(Value("json", inline=str(number)), "job", "s", 1.0))
    return archive


@pytest.fixture
def chain(jobs: Jobs) -> Callable[..., JobSpec]:
    """Make the spec of a job, a chain; the stage at the place `changed` is called with another number."""

    def made(name: str, *, count: int = COUNT, changed: int | None = None, cached: bool = True) -> JobSpec:
        stages = tuple(
            StageSpec(
                f"{name}-{place}",
                "add",
                "model:add",
                parents=(f"{name}-{place - 1}",) if place else (),
                arguments=(Argument("number", value=-1 if place == changed else place, place=0),),
                cached=cached,
            )
            for place in range(count)
        )
        return replace(jobs.spec("graph"), stages=stages)

    return made


Chain = Callable[..., JobSpec]


def served(archive: Archive, spec: JobSpec) -> None:
    """Let a job be served, each stage from the entry of its place."""
    expected = Expected(archive, spec)
    expected.entries()
    for number, stage in enumerate(spec.stages):
        expected.used(stage.id, key(number))
    expected.write()


def written(archive: Archive) -> list[str]:
    return [entry.key for entry in archive.cache_store.list("expected/")]


def test_what_served_a_job_is_expected_by_the_next_whatever_its_stages_are_called(
    archive: Archive, chain: Chain
) -> None:
    assert Expected(archive, chain("first")).entries() == {}
    served(archive, chain("first"))
    entries = Expected(archive, chain("second")).entries()
    assert {stage: list(names) for stage, names in entries.items()} == {
        f"second-{number}": [key(number)] for number in range(COUNT)
    }
    assert entries["second-7"][key(7)].value.inline == "7"


def test_nothing_is_expected_of_stages_that_are_called_with_something_else_nor_behind_them(
    archive: Archive, chain: Chain
) -> None:
    served(archive, chain("first"))
    assert list(Expected(archive, chain("second", changed=3)).entries()) == [f"second-{place}" for place in range(3)]


def test_another_shape_is_not_taken_for_this_one(archive: Archive, chain: Chain) -> None:
    served(archive, chain("first"))
    assert Expected(archive, chain("second", count=COUNT - 1)).entries() == {}


def test_an_entry_that_is_gone_or_damaged_is_not_expected(archive: Archive, chain: Chain) -> None:
    served(archive, chain("first"))
    archive.cache_store.delete(layout.cached(key(1)))
    archive.cache_store.put(layout.cached(key(2)), b"not this")
    assert len(Expected(archive, chain("second")).entries()) == COUNT - 2


def test_an_entry_that_was_replaced_is_expected_as_it_is_now(archive: Archive, chain: Chain) -> None:
    served(archive, chain("first"))
    archive.keep(key(1), CacheEntry(Value("json", inline="anew"), "job", "s", 1.0), place="instead")
    assert Expected(archive, chain("second")).entries()["second-1"][key(1)].value.inline == "anew"


def test_entries_that_are_not_signed_are_not_expected(archive: Archive, chain: Chain) -> None:
    archive.signing = SigningKey((b"k" * 32,))
    served(archive, chain("first"))
    assert Expected(archive, chain("second")).entries() == {}


@pytest.mark.parametrize("data", [b"", b"not this", b'{"entries": {}}'])
def test_a_damaged_guess_is_none(archive: Archive, chain: Chain, data: bytes) -> None:
    served(archive, chain("first"))
    (place,) = written(archive)
    archive.cache_store.put(place, data)
    assert Expected(archive, chain("second")).entries() == {}


@pytest.mark.parametrize("entries", [[], {"0": 1}, {"0": ["../../etc/passwd", ""]}, {"0": ["no/key", "x"]}])
def test_a_guess_that_says_something_odd_is_none(archive: Archive, chain: Chain, entries: object) -> None:
    served(archive, chain("first"))
    (place,) = written(archive)
    archive.cache_store.put(place, archive.seal("expected", {"entries": entries}, key=place))
    assert Expected(archive, chain("second")).entries() == {}


def test_a_cache_out_of_reach_is_whoevers_business_that_asks_for_an_entry(jobs: Jobs, chain: Chain) -> None:
    class Away(DirectoryStore):
        def get(self, key: str) -> bytes:
            raise ArchiveUnreachable(f"away, and {key} with it", key=key)

    assert Expected(Archive(Away(Path(jobs.location))), chain("first")).entries() == {}


def test_what_was_expected_is_not_written_again(archive: Archive, chain: Chain) -> None:
    served(archive, chain("first"))
    (place,) = written(archive)
    before = archive.cache_store.get(place)
    served(archive, chain("second"))
    assert archive.cache_store.get(place) == before


def test_small_jobs_and_those_without_cached_stages_leave_nothing(archive: Archive, chain: Chain) -> None:
    served(archive, chain("first", count=3))
    served(archive, chain("second", cached=False))
    assert written(archive) == []


def test_guesses_lie_where_the_cache_does(archive: Archive, chain: Chain, tmp_path: Path) -> None:
    elsewhere = open_archive(archive.location, cache=str(tmp_path / "cache"))
    served(elsewhere, chain("first"))
    assert written(archive) == []
    assert len(written(elsewhere)) == 1
