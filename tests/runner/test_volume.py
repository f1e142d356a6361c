"""The runtime's volume: filled once, never seen half-filled, and gone when filling it failed."""

import hashlib
import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import docker
import pytest
from docker.errors import APIError

from foundations_images import Image
from foundations_runner.errors import EngineRefused
from foundations_runner.runtime import Runtime
from foundations_runner.volume import RUNTIME_LABEL, ensure_volume
from tests.runner.conftest import runtime_volumes

pytestmark = pytest.mark.docker


@pytest.fixture
def tiny(tmp_path: Path, engine: docker.DockerClient) -> Iterator[Runtime]:
    """A runtime of one file, whose volumes are removed after the test."""
    folder = tmp_path / "runtime"
    (folder / "courier").mkdir(parents=True)
    (folder / "courier" / "module.py").write_text("x = 1\n")
    runtime = Runtime(folder, secrets.token_hex(8))
    yield runtime
    for name in runtime_volumes(engine, runtime.digest):
        engine.api.remove_volume(name)


def run(engine: docker.DockerClient, image: Image, volume: str, command: str, user: str = "0") -> str:
    output = engine.containers.run(
        image.id, ["sh", "-c", command], volumes=[f"{volume}:/runtime:ro"], user=user, remove=True, network_mode="none"
    )
    return output.decode()


def test_a_volume_holds_the_runtime_for_everybody_to_read(
    engine: docker.DockerClient, image: Image, tiny: Runtime
) -> None:
    (tiny.path / "courier").chmod(0o700)
    (tiny.path / "courier" / "module.py").chmod(0o600)
    volume = ensure_volume(engine, tiny, image=image.id)
    assert run(engine, image, volume, "cat /runtime/courier/module.py", user="65534") == "x = 1\n"
    assert run(engine, image, volume, "stat -c %u:%g:%a /runtime/courier/module.py") == "0:0:644\n"


def test_the_second_time_nothing_is_made(engine: docker.DockerClient, image: Image, tiny: Runtime) -> None:
    volume = ensure_volume(engine, tiny, image=image.id)
    shutil.rmtree(tiny.path)
    assert ensure_volume(engine, tiny, image="there is no such image") == volume
    assert len(runtime_volumes(engine, tiny.digest)) == 2


def test_drivers_at_the_same_time_end_up_with_one_volume(
    engine: docker.DockerClient, image: Image, tiny: Runtime
) -> None:
    with ThreadPoolExecutor(4) as pool:
        volumes = list(pool.map(lambda _: ensure_volume(engine, tiny, image=image.id), range(4)))
    assert len(set(volumes)) == 1
    assert sorted(runtime_volumes(engine, tiny.digest)) == sorted([volumes[0], f"foundations-runtime-{tiny.digest}"])


def test_a_volume_that_a_killed_driver_left_half_filled_is_never_used(
    engine: docker.DockerClient, image: Image, tiny: Runtime
) -> None:
    half = f"foundations-runtime-{tiny.digest}-00000000"
    engine.api.create_volume(half, labels={RUNTIME_LABEL: tiny.digest})
    volume = ensure_volume(engine, tiny, image=image.id)
    assert volume != half
    assert run(engine, image, volume, "cat /runtime/courier/module.py") == "x = 1\n"


def test_a_fill_that_fails_leaves_no_volume(
    engine: docker.DockerClient, image: Image, tiny: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise APIError("no space left on device")

    monkeypatch.setattr(engine.api, "put_archive", full)
    with pytest.raises(EngineRefused, match="failed filling the runtime volume: no space left on device"):
        ensure_volume(engine, tiny, image=image.id)
    assert runtime_volumes(engine, tiny.digest) == []
    assert not engine.api.containers(all=True, filters={"label": f"{RUNTIME_LABEL}={tiny.digest}"})


def test_a_fill_without_an_image_leaves_no_volume(engine: docker.DockerClient, tiny: Runtime) -> None:
    with pytest.raises(EngineRefused, match="No such image"):
        ensure_volume(engine, tiny, image="foundations/there-is-no-such-image")
    assert runtime_volumes(engine, tiny.digest) == []


def test_an_interrupted_fill_leaves_no_volume(
    engine: docker.DockerClient, image: Image, tiny: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine.api, "put_archive", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ensure_volume(engine, tiny, image=image.id)
    assert runtime_volumes(engine, tiny.digest) == []


def test_a_volume_that_somebody_removed_is_made_again(engine: docker.DockerClient, image: Image, tiny: Runtime) -> None:
    engine.api.remove_volume(ensure_volume(engine, tiny, image=image.id))
    volume = ensure_volume(engine, tiny, image=image.id)
    assert run(engine, image, volume, "cat /runtime/courier/module.py") == "x = 1\n"


def test_an_empty_volume_in_place_of_a_removed_one_is_not_used(
    engine: docker.DockerClient, image: Image, tiny: Runtime
) -> None:
    gone = ensure_volume(engine, tiny, image=image.id)
    engine.api.remove_volume(gone)
    engine.api.create_volume(gone)  # what the engine does on its own when a container asks for it
    try:
        volume = ensure_volume(engine, tiny, image=image.id)
        assert run(engine, image, volume, "cat /runtime/courier/module.py") == "x = 1\n"
    finally:
        engine.api.remove_volume(gone)


def test_a_large_runtime_arrives_whole(engine: docker.DockerClient, image: Image, tiny: Runtime) -> None:
    content = secrets.token_bytes(20_000_000)
    (tiny.path / "large").write_bytes(content)
    volume = ensure_volume(engine, tiny, image=image.id)
    assert run(engine, image, volume, "sha256sum /runtime/large").split()[0] == hashlib.sha256(content).hexdigest()
