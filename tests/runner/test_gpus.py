"""Whether an engine has GPUs."""

from unittest.mock import patch

import docker
import pytest

from foundations_runner.errors import EngineRefused
from foundations_runner.gpus import refuse_missing_gpus

pytestmark = pytest.mark.docker


def containers(engine: docker.DockerClient) -> list[str]:
    return [container["Id"] for container in engine.api.containers(all=True)]


def test_an_engine_without_gpus_is_told_by_trying_and_nothing_is_left(
    engine: docker.DockerClient, base_image: str
) -> None:
    if "nvidia" in engine.info()["Runtimes"]:
        pytest.skip("this engine has GPUs")
    before = set(containers(engine))
    with pytest.raises(EngineRefused, match=r"has none for containers; install the NVIDIA container toolkit there"):
        refuse_missing_gpus(engine, 1)
    with pytest.raises(EngineRefused, match="asks for GPUs"):
        refuse_missing_gpus(engine, -1)
    assert not [
        one for one in set(containers(engine)) - before if "no-such-program" in str(engine.api.inspect_container(one))
    ]


def test_who_asks_for_none_is_not_held_up(engine: docker.DockerClient) -> None:
    with patch.object(engine.api, "info", side_effect=AssertionError):
        refuse_missing_gpus(engine, 0)


def test_an_engine_that_names_an_nvidia_runtime_is_believed(engine: docker.DockerClient) -> None:
    with patch.object(engine, "info", return_value={"Runtimes": {"nvidia": {}}}):
        refuse_missing_gpus(engine, 2)
