"""A driver of a user who is not root: what a job in a container leaves belongs to that user."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from foundations_archive.archive import open_archive
from tests.jobs.conftest import Done, remove_images

pytestmark = pytest.mark.docker

USER = 54321

DRIVER = """\
import foundations

def report(n):
    foundations.log_metric("n", n)
    print("reporting", n)
    return list(range(n))

foundations.set_project_name("other user")
stage = foundations.create_stage(report)(5000).enable_caching()
print(stage.persist().run().result()[-1])
"""

Drive = Callable[..., Done]


def project(folder: Path) -> Path:
    """The model directory, under a name of its own."""
    return folder / folder.name.lower().replace("_", "-")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder of the user's; pytest's own are root's alone."""
    made = Path(tempfile.mkdtemp(prefix="foundations-test-"))
    (project(made) / "config").mkdir(parents=True)
    (project(made) / "config" / "docker.config.yaml").write_text("job_deployment_env: docker\n")
    (project(made) / "driver.py").write_text(DRIVER)
    for path in (made, *made.rglob("*")):
        os.chown(path, USER, USER)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def drive(folder: Path, engine: docker.DockerClient, base_image: str) -> Iterator[Drive]:
    """Run the driver as the user, who may use the engine's socket."""
    del base_image
    socket = Path(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))
    if os.getuid() != 0 or not shutil.which("setpriv") or not socket.is_socket():
        pytest.skip("only root, with setpriv and the engine's socket, can become another user")
    prefix = ["setpriv", f"--reuid={USER}", f"--regid={USER}", f"--groups={socket.stat().st_gid}"]
    python = python_for(prefix)

    def call(*, umask: int = 0o022) -> Done:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "FOUNDATIONS_HOME": str(folder / "home"),
            "FOUNDATIONS_ENVIRONMENT": "docker",
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        return subprocess.run(
            [*prefix, python, "driver.py"],
            cwd=project(folder),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            umask=umask,
            timeout=240,
        )

    yield call
    remove_images(engine, project(folder).name)


def python_for(prefix: list[str]) -> str:
    """Return a Python of this minor version that the user may run and that finds what this one finds."""
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    for python in (sys.executable, f"/usr/bin/python{wanted}"):
        tried = [*prefix, python, "-c", "import foundations.driver, docker, cloudpickle"]
        if subprocess.run(tried, env=environment, capture_output=True, check=False).returncode == 0:
            return python
    pytest.skip(f"no Python {wanted} here that another user may run")


def test_everything_that_a_job_leaves_belongs_to_the_caller(drive: Drive, folder: Path) -> None:
    done = drive()
    assert done.returncode == 0, done.stderr
    assert done.stdout == "reporting 5000\n4999\n"
    files = list((folder / "home").rglob("*"))
    assert files
    assert {(file.stat().st_uid, file.stat().st_gid) for file in files} == {(USER, USER)}


def test_an_archive_that_nobody_else_may_enter_works_as_well(drive: Drive, folder: Path) -> None:
    (folder / "home" / "archive").chmod(0o700)
    done = drive(umask=0o077)
    assert done.returncode == 0, done.stderr
    assert "stage report served from the cache" in done.stderr
    files = list((folder / "home").rglob("*"))
    assert {(file.stat().st_uid, file.stat().st_gid) for file in files} == {(USER, USER)}
    assert [record.state for _, record in open_archive(str(folder / "home" / "archive")).jobs()] == ["Completed"] * 2
