"""What the jobs to come may use."""

from pathlib import Path
from typing import Any

import pytest

from foundations import current, resources
from foundations.resources import set_job_resources, with_resources
from foundations.settings import Environment, load_environment


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("_gpus", None), ("_memory", None), ("_told", False)):
        monkeypatch.setattr(resources, name, value)


def environment(tmp_path: Path, kind: str = "docker") -> Environment:
    (tmp_path / "config").mkdir(exist_ok=True)
    docker = "docker_config: {memory: 1g, gpus: 2, cpus: 3}\n" if kind == "docker" else ""
    (tmp_path / "config" / "here.config.yaml").write_text(f"job_deployment_env: {kind}\n{docker}")
    return load_environment("here", tmp_path)


def limits(tmp_path: Path) -> tuple[str | None, int, float | None]:
    docker = with_resources(environment(tmp_path), say=pytest.fail).docker
    return docker.memory, docker.gpus, docker.cpus


def test_without_a_word_the_environment_counts(tmp_path: Path) -> None:
    assert limits(tmp_path) == ("1g", 2, 3)


@pytest.mark.parametrize(
    ("ram", "memory"),
    [
        (None, "1g"),
        (8, "8589934592b"),
        (0.5, "536870912b"),
        ("512m", "536870912b"),
        ("8g", "8589934592b"),
        (" 1.5G ", "1610612736b"),
        ("8388608", "8388608b"),
        ("8388608b", "8388608b"),
        ("9000k", "9216000b"),
    ],
)
def test_memory_is_a_number_of_gigabytes_or_a_text(tmp_path: Path, ram: Any, memory: str) -> None:
    set_job_resources(ram=ram)
    assert limits(tmp_path) == (memory, 0, 3)


@pytest.mark.parametrize("gpus", [0, 1, -1])
def test_gpus_take_the_place_of_the_environments(tmp_path: Path, gpus: int) -> None:
    set_job_resources(gpus)
    assert limits(tmp_path) == ("1g", gpus, 3)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"num_gpus": -2}, ValueError, "num_gpus must be a number of GPUs, or -1 for all, got -2"),
        ({"num_gpus": 1.0}, TypeError, "num_gpus must be a whole number, got 1.0 of type float"),
        ({"num_gpus": True}, TypeError, "num_gpus must be a whole number, got True of type bool"),
        ({"num_gpus": None}, TypeError, "num_gpus must be a whole number, got None of type NoneType"),
        ({"ram": 0}, ValueError, "ram must be a number of gigabytes above 0, got 0"),
        ({"ram": -1}, ValueError, "ram must be a number of gigabytes above 0, got -1"),
        ({"ram": float("nan")}, ValueError, "ram must be a number of gigabytes above 0, got nan"),
        ({"ram": float("inf")}, ValueError, "ram must be a number of gigabytes above 0, got inf"),
        ({"ram": 0.001}, ValueError, "a container needs 6m of memory at least, got 0.001; a number counts gigabytes"),
        ({"ram": "1m"}, ValueError, "a container needs 6m of memory at least, got '1m'"),
        ({"ram": "lots"}, ValueError, "ram must be a size such as '512m' or '8g', got 'lots'"),
        ({"ram": "8 gb"}, ValueError, "ram must be a size such as '512m' or '8g', got '8 gb'"),
        ({"ram": ""}, ValueError, "ram must be a size such as '512m' or '8g', got ''"),
        ({"ram": True}, TypeError, "ram must be a number of gigabytes or a text, got True of type bool"),
        ({"ram": [8]}, TypeError, r"ram must be a number of gigabytes or a text, got \[8\] of type list"),
    ],
)
def test_what_can_not_be_meant_changes_nothing(tmp_path: Path, arguments: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        set_job_resources(**arguments)
    assert limits(tmp_path) == ("1g", 2, 3)


def test_the_local_environment_says_once_that_it_has_no_limits(tmp_path: Path) -> None:
    said: list[str] = []
    local = environment(tmp_path, "local")
    assert with_resources(local, say=said.append) == local
    assert said == []
    set_job_resources(ram=1)
    for _ in range(2):
        assert with_resources(local, say=said.append) == local
    assert said == ["the environment local has no limits: set_job_resources counts in the environment docker only"]


def test_in_a_job_it_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current, "job_id", "job")
    set_job_resources(ram=4)
    assert limits(tmp_path) == ("1g", 2, 3)
