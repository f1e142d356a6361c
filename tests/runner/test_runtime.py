"""A runtime is what its digest says, complete, compiled, and built once."""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from foundations_runner.errors import RuntimeIncomplete
from foundations_runner.runtime import Runtime, ensure_runtime

FOUNDATIONS = {"worker": ("foundations",), "libraries": ("cloudpickle",)}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    """The runtime that jobs of foundations get."""
    return ensure_runtime(tmp_path_factory.mktemp("home"), **FOUNDATIONS)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small package that stands in for what the worker is."""
    folder = tmp_path / "packages" / "tiny_worker"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("def main(channel): pass\n")
    monkeypatch.syspath_prepend(folder.parent)
    return folder


def test_the_same_code_has_the_same_digest_and_is_built_once(tmp_path: Path, package: Path) -> None:
    first = ensure_runtime(tmp_path / "home", worker=(package.name,), libraries=())
    before = first.path.stat().st_mtime_ns
    again = ensure_runtime(tmp_path / "home", worker=(package.name,), libraries=())
    assert again == first
    assert again.path.stat().st_mtime_ns == before
    assert ensure_runtime(tmp_path / "other", worker=(package.name,), libraries=()).digest == first.digest


def test_a_line_changed_in_our_code_changes_the_digest(tmp_path: Path, package: Path) -> None:
    before = ensure_runtime(tmp_path / "home", worker=(package.name,), libraries=())
    (package / "__init__.py").write_text("def main(channel): return\n")
    after = ensure_runtime(tmp_path / "home", worker=(package.name,), libraries=())
    assert after.digest != before.digest
    assert "return" in (after.path / "worker" / package.name / "__init__.py").read_text()


def test_a_file_added_to_our_code_changes_the_digest(tmp_path: Path, package: Path) -> None:
    before = ensure_runtime(tmp_path / "home", worker=(package.name,), libraries=())
    (package / "more.py").touch()
    assert ensure_runtime(tmp_path / "home", worker=(package.name,), libraries=()).digest != before.digest


def test_a_package_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(RuntimeIncomplete, match="not_there_at_all is not installed"):
        ensure_runtime(tmp_path, worker=("not_there_at_all",), libraries=())
    assert not list(tmp_path.iterdir())


def test_what_breaks_a_build_leaves_nothing(tmp_path: Path, package: Path) -> None:
    (package / "broken").symlink_to("nowhere")
    with pytest.raises(shutil.Error):
        ensure_runtime(tmp_path / "home", worker=(package.name,), libraries=())
    assert not list((tmp_path / "home" / "runtime").iterdir())


def test_builders_at_the_same_time_end_up_with_one_runtime(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        runtimes = list(pool.map(_build, [tmp_path / "home"] * 4))
    assert len(set(runtimes)) == 1
    assert [path.name for path in (tmp_path / "home" / "runtime").iterdir()] == [runtimes[0].digest]


def _build(home: Path) -> Runtime:
    return ensure_runtime(home, **FOUNDATIONS)


def test_threads_at_the_same_time_end_up_with_one_runtime(tmp_path: Path, package: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        runtimes = list(
            pool.map(lambda _: ensure_runtime(tmp_path / "home", worker=(package.name,), libraries=()), range(4))
        )
    assert len(set(runtimes)) == 1
    assert len(list((tmp_path / "home" / "runtime").iterdir())) == 1


def test_of_botocore_there_is_only_what_s3_needs(built: Runtime) -> None:
    data = built.path / "courier" / "botocore" / "data"
    assert {path.name for path in data.iterdir() if path.is_dir()} == {"s3", "sts"}
    assert (data / "endpoints.json").is_file()
    assert sum(file.stat().st_size for file in built.path.rglob("*") if file.is_file()) < 16_000_000


def test_there_is_no_native_code(built: Runtime) -> None:
    assert not [path for path in built.path.rglob("*") if path.suffix in (".so", ".pyd", ".dylib")]


def test_every_module_is_compiled_and_its_source_need_not_be_looked_at(built: Runtime) -> None:
    sources = list(built.path.rglob("*.py"))
    assert len(sources) > 100
    for source in sources:
        compiled = Path(importlib.util.cache_from_source(str(source)))
        assert compiled.is_file(), source
        assert compiled.read_bytes()[4:8] == b"\x01\x00\x00\x00", "unchecked: copying changes the times of files"


def test_no_path_of_this_machine_is_in_the_compiled_files(built: Runtime) -> None:
    for compiled in built.path.rglob("*.pyc"):
        assert str(built.path).encode() not in compiled.read_bytes(), compiled


def test_the_courier_starts_from_compiled_files_and_from_nothing_else(built: Runtime, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(built.path, copy)
    command = [sys.executable, "-I", "-S", "-v", copy / "start_courier.py"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert "the driver went away" in done.stderr
    ours = [line for line in done.stderr.splitlines() if "foundations_" in line]
    assert [line for line in ours if "matches" in line]
    assert not [line for line in ours if "# wrote" in line or ("code object from '" in line and ".py'" in line)]


def test_the_courier_reaches_s3_without_anything_that_is_installed_here(built: Runtime, tmp_path: Path) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(built.path / 'courier')!r})\n"
        "from foundations_archive.archive import open_archive\n"
        "open_archive('s3://bucket/x', s3={'access_key_id': 'a', 'secret_access_key': 'b', 'region': 'eu-west-1'})\n"
        "files = [getattr(module, '__file__', '') or '' for module in sys.modules.values()]\n"
        "outside = [file for file in files if 'site-packages' in file]\n"
        "assert not outside, outside\n"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-I", "-S", "-c", script], env=environment, check=True)


def test_the_worker_finds_none_of_the_couriers_libraries(built: Runtime) -> None:
    assert {path.name for path in (built.path / "worker").iterdir()} == {
        "foundations",
        "cloudpickle",
        "foundations_runner",
    }
    names = {path.name for path in (built.path / "worker" / "foundations_runner").iterdir()}
    assert names == {"__init__.py", "channel.py", "ring.py", "__pycache__"}


def test_a_runtime_is_small(built: Runtime, tmp_path: Path) -> None:
    packed = tmp_path / "runtime.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in built.path.rglob("*"):
            archive.write(file, file.relative_to(built.path))
    assert packed.stat().st_size < 5_000_000
