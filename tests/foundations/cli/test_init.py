import ast
import json
import os
import resource
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import docker
import pytest

from foundations.cli import main
from foundations_archive.archive import open_archive
from tests.foundations.cli.conftest import Shell

FILES = [
    ".foundationsignore",
    ".gitignore",
    "README.md",
    "config/docker.config.yaml",
    "config/local.config.yaml",
    "driver.py",
    "models/__init__.py",
    "models/logistic.py",
    "requirements.txt",
    "results.py",
]
NAMES = [
    "churn",
    "two words",
    "modèle-été-数据",
    "🎉👩\u200d💻",
    "a'b\"c\\d",
    "$(touch oops); `x` & {name} %s",
    'PROJECT "PROJECT" of mine',
    "....",
    "line\u00a0space",
    "n" * 255,
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = (tmp_path / "here").resolve()
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def project_name(folder: Path) -> Any:
    tree = ast.parse((folder / "driver.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    [call] = [call for call in calls if ast.unparse(call.func) == "foundations.set_project_name"]
    return ast.literal_eval(call.args[0])


def test_a_new_project_runs_as_it_is(shell: Shell, shared_home: dict[str, str]) -> None:
    assert shell.foundations("init", "churn").returncode == 0
    project = shell.folder / "churn"
    runs = [shell.python("driver.py", cwd=project, **shared_home) for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    assert "stage load succeeded" in runs[0].stderr
    assert "stage load served from the cache" in runs[1].stderr
    [accuracy] = {run.stdout.splitlines()[-1].partition(",")[0] for run in runs}
    assert 0.85 < float(accuracy.removeprefix("accuracy ")) < 1
    read = shell.python("results.py", cwd=project, **shared_home)
    assert read.returncode == 0, read.stderr
    assert [line.split()[1:] for line in read.stdout.splitlines()] == [
        ["status", "accuracy"],
        *[["Completed", accuracy.split()[1]]] * 2,
    ]
    [(spec, _), _] = open_archive(shared_home["FOUNDATIONS_ARCHIVE"]).jobs("churn")
    assert (spec.environment, spec.project) == ("local", "churn")


def test_a_project_with_an_odd_name_runs_too(shell: Shell, shared_home: dict[str, str]) -> None:
    name = "été $(touch oops) \"q\" 'r' \\n"
    assert shell.foundations("init", name).returncode == 0
    ran = shell.python("driver.py", cwd=shell.folder / name, **shared_home)
    assert ran.returncode == 0, ran.stderr
    assert [spec.project for spec, _ in open_archive(shared_home["FOUNDATIONS_ARCHIVE"]).jobs()] == [name]


@pytest.mark.docker
def test_a_new_project_runs_in_a_container_both_ways(
    shell: Shell, shared_home: dict[str, str], engine: docker.DockerClient, base_image: str
) -> None:
    del base_image
    name = f"init-{uuid.uuid4().hex[:8]}"
    assert shell.foundations("init", name).returncode == 0
    try:
        typed = shell.python("driver.py", cwd=shell.folder / name, FOUNDATIONS_ENVIRONMENT="docker", **shared_home)
        assert typed.returncode == 0, typed.stderr
        deployed = shell.foundations("deploy", "--env", "docker", f"{name}/driver.py", **shared_home)
        assert deployed.returncode == 0, deployed.stderr
    finally:
        for image in engine.images.list(filters={"reference": f"foundations/env:{name}-*"}):
            engine.images.remove(image.tags[0])
    assert f"image foundations/env:{name}-" in typed.stderr
    assert "stage load served from the cache" in deployed.stderr
    assert typed.stdout == deployed.stdout
    jobs = open_archive(shared_home["FOUNDATIONS_ARCHIVE"]).jobs(name)
    assert [(spec.environment, record.state) for spec, record in jobs] == [("docker", "Completed")] * 2


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_kept_to_the_letter(here: Path, name: str) -> None:
    assert main(["init", name]) == 0
    assert [path.name for path in here.iterdir()] == [name]
    assert files(here / name) == FILES
    assert project_name(here / name) == name
    assert (here / name / "README.md").read_text(encoding="utf-8").startswith(f"# {name}\n")


def test_the_commands_that_it_prints_can_be_pasted(shell: Shell) -> None:
    name = "it's $(touch oops)"
    said = shell.foundations("init", name).stdout.splitlines()
    entered = subprocess.run(
        f"{said[1]} && ls driver.py", shell=True, cwd=shell.folder, capture_output=True, check=True
    )
    assert entered.stdout == b"driver.py\n"
    assert [path.name for path in shell.folder.iterdir()] == [name]


@pytest.mark.parametrize(
    "name",
    ["", " ", " a", "a ", "a\nb", "a\tb", "a\x7f", "a\x1b[31m", "a\0b", "a\u2028b", os.fsdecode(b"a\xff"), "-a", "/"],
    ids=ascii,
)
def test_a_name_that_can_be_none_is_refused_and_makes_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["init", "--", name]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", ["n" * 256, "no/such/folder", "file/below", "..", "loop"], ids=lambda name: name[:20])
def test_a_place_that_can_be_none_is_refused_and_changes_nothing(
    here: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    (here / "file").write_text("x")
    (here / "loop").symlink_to("loop")
    assert main(["init", name]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(path.name for path in here.iterdir()) == ["file", "loop"]


@pytest.mark.parametrize("kind", ["file", "folder", "hidden"])
def test_what_is_there_stays_as_it_is(here: Path, capsys: pytest.CaptureFixture[str], kind: str) -> None:
    taken = here / "taken" if kind == "file" else here / "taken" / (".git" if kind == "hidden" else "driver.py")
    taken.parent.mkdir(exist_ok=True)
    taken.write_text("mine")
    assert main(["init", "taken"]) == 1
    assert "init changes nothing that is there; give another name" in capsys.readouterr().err
    assert taken.read_text() == "mine"
    assert len(list(here.rglob("*"))) == (1 if kind == "file" else 2)


@pytest.mark.parametrize("name", [".", "../here", "../link"])
def test_an_empty_folder_is_filled_and_stays_the_same_folder(here: Path, name: str) -> None:
    (here.parent / "link").symlink_to(here)
    here.chmod(0o750)
    before = here.stat()
    assert main(["init", name]) == 0
    assert files(here) == FILES
    assert project_name(here) == "here"
    assert (here.stat().st_ino, here.stat().st_mode) == (before.st_ino, before.st_mode)


def test_a_path_is_made_where_it_says_and_named_for_its_end(here: Path) -> None:
    (here / "deep").mkdir()
    assert main(["init", "deep/er/"]) == 0
    assert main(["init", str(here / "absolute")]) == 0
    assert [project_name(here / path) for path in ("deep/er", "absolute")] == ["er", "absolute"]


def test_what_is_made_can_be_read_by_whom_the_user_lets_read(here: Path) -> None:
    before = os.umask(0o027)
    try:
        assert main(["init", "x"]) == 0
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (here / "x").rglob("*")} | {(here / "x").stat().st_mode & 0o777}
    assert modes == {0o640, 0o750}


def test_json_says_what_was_made(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "é", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"project": "é", "path": str(here / "é"), "files": FILES}
    assert main(["init", "é", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"].endswith("give another name")


@pytest.mark.parametrize("name", ["new", "."])
def test_a_disk_that_takes_no_more_leaves_nothing_half_made(shell: Shell, name: str) -> None:
    # no file may grow beyond 500 bytes: the driver does not fit
    ended = subprocess.run(
        [sys.executable, "-m", "foundations", "init", name],
        cwd=shell.folder,
        env=shell.environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500)),
    )
    assert ended.returncode == 1
    assert "can't be made: File too large" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert list(shell.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["same", "."])
def test_of_many_at_once_one_makes_the_project_or_none_and_nothing_is_mixed(shell: Shell, name: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "foundations", "init", name],
            cwd=shell.folder,
            env=shell.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for _ in range(6)
    ]
    complaints = [process.communicate(timeout=120)[1] for process in processes]
    made = [process.returncode for process in processes].count(0)
    assert all(b"Traceback" not in complaint for complaint in complaints)
    assert made == 1 if name == "same" else made <= 1
    assert files(shell.folder / name) == (FILES if made else [])
    assert [path.name for path in shell.folder.iterdir() if path.name.startswith(".foundations-init")] == []
