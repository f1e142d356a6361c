"""How a run, a command and an environment use the cache: anew for some stages, not at all, or without adding to it."""

import stat
from pathlib import Path
from typing import Any

import pytest

import foundations
from foundations.cache_use import as_allowed, refreshed
from foundations.settings import SettingsError, load_environment
from foundations.stage import Stage
from tests.foundations.conftest import MakeProject, Project

MODEL = """
    from pathlib import Path


    def load(path):
        return Path(path).read_text()


    def train(text, rate):
        return len(text) * rate
"""
DRIVER = """
    import sys

    import foundations
    import model

    load, train = map(foundations.create_stage, (model.load, model.train))
    loaded = load("data.txt")
    trained = [train(loaded, rate) for rate in (1, 2)]
    total = foundations.create_stage(sum)(trained).enable_caching().persist()
    print("answer:", total.run(refresh=eval(sys.argv[1]) if sys.argv[1:] else ()).result())
"""


@pytest.fixture
def project(make_project: MakeProject) -> Project:
    made = make_project("cache_use")
    made.write("model.py", MODEL)
    made.write("data.txt", "abc")
    made.write("driver.py", DRIVER)
    return made


def ran(project: Project, *arguments: str, **environment: str) -> list[str]:
    """Run the driver, and return what became of load, of both trainings, and of the total."""
    ended = project.python("driver.py", *arguments, **environment)
    assert ended.returncode == 0, ended.stderr
    assert "answer: 9" in ended.stdout
    stages = sorted(project.stages(), key=lambda stage: ["load", "train", "sum"].index(stage["stage_name"]))
    return [str(stage["stage_status"]) for stage in stages]


RAN, HIT = "succeeded", "cached"


def test_stages_that_are_refreshed_run_and_take_the_place_of_what_was_cached(project: Project) -> None:
    assert ran(project) == [RAN] * 4
    assert ran(project) == [HIT] * 4
    first = project.reader.get_job_information().job_name.iloc[-1]
    assert ran(project, "[trained[1]]") == [HIT, HIT, RAN, HIT]
    second = project.reader.get_job_information().job_name.iloc[-1]
    assert ran(project, "[train]") == [HIT, RAN, RAN, HIT]
    assert ran(project, "[model.load, total]") == [RAN, HIT, HIT, RAN]
    assert ran(project) == [HIT] * 4
    record = project.archive.record(project.archive.spec(project.reader.get_job_information().job_name.iloc[-1]))
    assert not {first, second} & {stage.cached_from for stage in record.stages}


def test_what_is_computed_anew_for_its_age_takes_the_place_of_what_was_cached(project: Project) -> None:
    project.write(
        "driver.py",
        """
        import sys
        import time

        import foundations


        def stamped(path):
            with open(path) as file:
                return file.read(), time.perf_counter_ns()


        options = eval(sys.argv[1])
        stage = foundations.create_stage(stamped)("data.txt").enable_caching(**options).persist()
        print("answer:", *stage.run().result())
        """,
    )

    def answer(**options: Any) -> str:
        ended = project.python("driver.py", repr(options))
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    first = answer()
    assert answer() == first
    second = answer(ttl=0)
    assert second != first
    assert answer() == answer(ttl=3600) == second
    # what was made of another file serves no longer here, and has its own place
    project.write("data.txt", "xyz")
    other = answer(ttl=0)
    assert answer() == other
    project.write("data.txt", "abc")
    assert answer() == second
    third = answer(ttl=0)
    assert third not in (first, second)
    assert answer() == third
    project.write("data.txt", "xyz")
    assert answer() == other


def test_without_the_cache_nothing_is_read_from_it_and_nothing_added(project: Project) -> None:
    assert ran(project, FOUNDATIONS_NO_CACHE="1") == [RAN] * 4
    assert not list(project.archive.cache_store.list("cache/"))
    assert ran(project) == [RAN] * 4
    assert ran(project, FOUNDATIONS_NO_CACHE="1") == [RAN] * 4
    assert ran(project, FOUNDATIONS_NO_CACHE="0") == [HIT] * 4


def test_deploy_takes_no_cache(project: Project) -> None:
    assert ran(project) == [RAN] * 4
    for _ in range(2):
        ended = project.python("-m", "foundations", "deploy", "--no-cache", "driver.py")
        assert ended.returncode == 0, ended.stderr
        assert set(project.statuses().values()) == {RAN}


def test_a_cache_that_is_read_only_serves_and_gets_nothing(project: Project, tmp_path: Path) -> None:
    place = tmp_path / "cache"

    def config(*lines: str) -> None:
        project.write("config/local.config.yaml", "\n".join(["job_deployment_env: local", *lines, ""]))

    def here(**more: Any) -> list[str]:
        archive = {"FOUNDATIONS_ARCHIVE": "", "FOUNDATIONS_HOME": str(project.home)}
        ended = project.python("driver.py", **archive, **more)
        assert ended.returncode == 0, ended.stderr
        assert "answer: 9" in ended.stdout
        return [line for line in ended.stderr.splitlines() if "served from the cache" in line]

    settings = (
        f"results_config: {{archive_end_point: {project.archive_path}}}",
        "cache_config:",
        f"  end_point: {place}",
    )
    config(*settings)
    assert not here()
    assert len(here()) == 4
    before = sorted(place.rglob("*"))
    project.write("data.txt", "xyz")
    config(*settings, "  read_only: true")
    for file in before:
        file.chmod(file.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    for _ in range(2):  # the file is another one, and its result is not kept; the sum is of the same numbers
        assert len(here()) == 1
    assert not set(place.rglob("*")) - set(before)
    project.write("data.txt", "abc")
    assert len(here()) == 4


def test_a_read_only_cache_need_not_be_there(project: Project, tmp_path: Path) -> None:
    project.write(
        "config/local.config.yaml",
        f"""
        job_deployment_env: local
        cache_config: {{end_point: {tmp_path / "nowhere"}}}
        cache: {{read_only: true}}
        """,
    )
    ended = project.python("driver.py", FOUNDATIONS_ARCHIVE="", FOUNDATIONS_HOME=str(tmp_path / "home"))
    assert ended.returncode == 0, ended.stderr
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("cache_config: {read_only: 1}", "read_only"),
        ("cache: {read_only: maybe}", "read_only"),
        ("cache: {readonly: true}", "did you mean 'read_only'"),
        ("cache: {read_only: true}\ncache_config: {read_only: true}", "leave one of them out"),
    ],
)
def test_a_setting_that_can_not_be_right_is_named(lines: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "config" / "lab.config.yaml"
    file.parent.mkdir()
    file.write_text(f"job_deployment_env: local\n{lines}\n")
    with pytest.raises(SettingsError, match=message):
        load_environment("lab", tmp_path)


def number(value: int) -> int:
    return value


def is_stage(one: Any) -> bool:
    return isinstance(one, Stage)


def test_what_is_no_stage_of_the_job_can_not_be_refreshed() -> None:
    one, other = (foundations.create_stage(number)(value) for value in (1, 2))
    graph = one.graph({})
    assert refreshed(graph, [], is_stage=is_stage) is graph
    with pytest.raises(ValueError, match="no stage of this job"):
        refreshed(graph, [other], is_stage=is_stage)
    with pytest.raises(ValueError, match="'len', which is no stage"):
        refreshed(graph, [len], is_stage=is_stage)
    with pytest.raises(TypeError, match="refresh takes stages and functions of stages, got 'number'"):
        refreshed(graph, ["number"], is_stage=is_stage)
    assert refreshed(graph, [number], is_stage=is_stage).calls[0].caching.refresh


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"refresh": number}, TypeError, r"got <function number .*; write refresh=\["),
        ({"refresh": foundations.create_stage(number)}, TypeError, r"; write refresh=\["),
        ({"refresh": foundations.create_stage(number)(1)}, TypeError, r"got <stage number .*; write refresh=\["),
        ({"refresh": None}, TypeError, "a list of stages and functions of stages, got None$"),
        ({"dry": "yes"}, TypeError, "dry is True or False, got 'yes'"),
        ({"dry": True, "wait": False}, ValueError, "leave wait=False out"),
    ],
)
def test_a_run_that_can_not_be_meant_is_refused(options: dict[str, Any], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        foundations.create_stage(number)(1).run(**options)


def test_the_variable_counts_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = foundations.create_stage(number)(1).enable_caching().graph({})
    for text, cached in (("", True), ("0", True), ("False", True), ("off ", True), ("1", False), ("yes", False)):
        monkeypatch.setenv("FOUNDATIONS_NO_CACHE", text)
        assert as_allowed(graph).calls[0].cached is cached
