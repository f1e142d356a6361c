import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from foundations.bundle import pack, readable, summary, upload
from foundations.errors import BundleError
from foundations_archive.blobs import CHUNK, Blobs
from foundations_archive.local import DirectoryStore
from foundations_archive.manifest import EMPTY, BundleFile, Manifest
from foundations_archive.unpacking import unpack


class Meanwhile(frozenset[str]):
    """Globs that do something when they are looked at: after the files were found, before they are hashed."""

    action: Callable[[], object]

    def __iter__(self) -> Iterator[str]:
        self.action()
        return super().__iter__()


def meanwhile(action: Callable[[], object]) -> Meanwhile:
    allow = Meanwhile()
    allow.action = action
    return allow


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    (root / "models").mkdir(parents=True)
    (root / "driver.py").write_bytes(b"import models\n")
    (root / "models/ü b.py").write_bytes(b"x = 1\n")
    (root / "models/__init__.py").touch()
    (root / "run.sh").write_bytes(b"echo\n")
    (root / "run.sh").chmod(0o775)
    (root / "latest").symlink_to("models")
    return root


def test_a_bundle_names_every_file_with_digest_size_and_mode(root: Path) -> None:
    driver = b"import models\n"
    assert pack(root, paths=("models", ".")) == Manifest(
        (
            BundleFile("driver.py", hashlib.sha256(driver).hexdigest(), len(driver), 0o644),
            BundleFile("latest", EMPTY, 0, 0o644, "models"),
            BundleFile("models/__init__.py", EMPTY, 0, 0o644),
            BundleFile("models/ü b.py", hashlib.sha256(b"x = 1\n").hexdigest(), 6, 0o644),
            BundleFile("run.sh", hashlib.sha256(b"echo\n").hexdigest(), 5, 0o755),
        ),
        ("models", "."),
    )


def test_the_same_tree_elsewhere_has_the_same_digest(root: Path, tmp_path: Path) -> None:
    before = pack(root, paths=(".",))
    copy = tmp_path / "some where/else"
    shutil.copytree(root, copy, symlinks=True, copy_function=shutil.copyfile)
    (copy / "run.sh").chmod(0o700)
    (copy / "driver.py").chmod(0o600)
    os.utime(copy / "driver.py", (1, 1))
    (copy / "empty").mkdir()
    after = pack(copy, paths=(".",))
    assert after.digest == before.digest
    assert after.to_bytes() == before.to_bytes()


def test_any_change_changes_the_digest(root: Path) -> None:
    digests = {pack(root, paths=(".",)).digest, pack(root, paths=("models", ".")).digest}
    (root / "run.sh").chmod(0o644)
    digests.add(pack(root, paths=(".",)).digest)
    (root / "run.sh").write_bytes(b"echO\n")
    digests.add(pack(root, paths=(".",)).digest)
    (root / "run.sh").rename(root / "run2.sh")
    digests.add(pack(root, paths=(".",)).digest)
    (root / "latest").unlink()
    (root / "latest").symlink_to(".")
    digests.add(pack(root, paths=(".",)).digest)
    assert len(digests) == 6


def test_what_was_packed_unpacks_to_the_same_tree(root: Path, tmp_path: Path) -> None:
    bundle = pack(root, paths=(".",))
    contents = {file.digest: (root / file.path).read_bytes() for file in bundle.files if file.link is None}
    unpack(Manifest.from_bytes(bundle.to_bytes()), contents.__getitem__, tmp_path / "copy")
    assert pack(tmp_path / "copy", paths=(".",)) == bundle


def test_a_root_may_be_relative_or_a_link(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = pack(root, paths=(".",))
    (tmp_path / "link").symlink_to("project")
    assert pack(tmp_path / "link", paths=(".",)) == bundle
    monkeypatch.chdir(root)
    assert pack(Path(), paths=(".",)) == bundle


def test_a_bundle_over_the_limit_names_the_largest_files(root: Path) -> None:
    for number in range(1, 8):
        with (root / f"data{number}.bin").open("wb") as file:
            file.truncate(number * 10_000_000_000)  # sparse: whoever reads this does not return in time
    with pytest.raises(BundleError) as caught:
        pack(root, paths=(".",))
    assert str(caught.value) == (
        "the bundle would be 280 GB, over the limit of 500 MB; the largest are data7.bin (70 GB), data6.bin (60 GB), "
        "data5.bin (50 GB), data4.bin (40 GB), data3.bin (30 GB); name what the job doesn't need in .foundationsignore"
    )
    assert caught.value.paths == tuple(f"data{number}.bin" for number in (7, 6, 5, 4, 3))


def test_the_limit_itself_is_allowed(root: Path) -> None:
    size = pack(root, paths=(".",)).size
    assert pack(root, paths=(".",), limit_bytes=size).size == size
    with pytest.raises(BundleError, match="over the limit"):
        pack(root, paths=(".",), limit_bytes=size - 1)


def test_credentials_stop_the_bundle_unless_they_are_allowed_or_ignored(root: Path) -> None:
    (root / ".env").write_text("A=b")
    with pytest.raises(BundleError, match=r"\.env \(") as caught:
        pack(root, paths=(".",))
    assert caught.value.paths == (".env",)
    assert ".env" in [file.path for file in pack(root, paths=(".",), allow=frozenset({".env"})).files]
    (root / ".foundationsignore").write_text(".env\n")
    assert ".env" not in [file.path for file in pack(root, paths=(".",)).files]


def test_the_archive_inside_the_project_does_not_travel(root: Path) -> None:
    bundle = pack(root, paths=(".",))
    (root / "archive/blobs").mkdir(parents=True)
    (root / "archive/blobs/x").write_text("x")
    assert pack(root, paths=(".",), excluded=(root / "archive",)) == bundle


def test_names_that_differ_in_case_only_are_refused(root: Path) -> None:
    (root / "DRIVER.py").touch()
    if len(list(root.glob("*.py"))) == 1:
        pytest.skip("this file system takes them for one")
    with pytest.raises(BundleError, match=r"'driver\.py' clashes with 'DRIVER\.py'") as caught:
        pack(root, paths=(".",))
    assert caught.value.paths == ("driver.py",)


def test_an_import_path_that_leads_outside_is_refused(root: Path) -> None:
    with pytest.raises(BundleError, match=r"'\.\./lib'"):
        pack(root, paths=("../lib",))


def rewrite(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\n")


def replace(path: Path) -> None:
    content = path.read_bytes()
    path.rename(path.with_name("old"))
    path.write_bytes(content)


def make_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("action", [rewrite, replace, make_fifo])
def test_a_file_that_changes_while_it_is_packed_is_named(root: Path, action: Callable[[Path], None]) -> None:
    with pytest.raises(BundleError, match=r"'driver\.py' changed while it was packed; run again") as caught:
        pack(root, paths=(".",), allow=meanwhile(lambda: action(root / "driver.py")))
    assert caught.value.paths == ("driver.py",)


def test_a_file_that_vanishes_while_it_is_packed_is_named(root: Path) -> None:
    with pytest.raises(BundleError, match=r"'driver\.py' can't be read: No such file"):
        pack(root, paths=(".",), allow=meanwhile((root / "driver.py").unlink))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_can_not_be_read_is_named(root: Path) -> None:
    (root / "driver.py").chmod(0o000)
    with pytest.raises(BundleError, match=r"'driver\.py' can't be read: Permission denied"):
        pack(root, paths=(".",))


def test_an_empty_project_is_a_bundle(tmp_path: Path) -> None:
    bundle = pack(tmp_path, paths=())
    assert bundle.files == ()
    assert summary(bundle) == "0 files, 0 B"


def test_a_summary_says_how_much_and_what_most_of_it_is(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/x.csv").write_bytes(b"x" * 30_000)
    assert summary(pack(tmp_path, paths=())) == "1 file, 30 kB, largest data/x.csv 30 kB"
    (tmp_path / "y").write_bytes(b"x" * 4_500)
    assert summary(pack(tmp_path, paths=())) == "2 files, 34.5 kB, largest data/x.csv 30 kB"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"), (999, "999 B"), (1000, "1 kB"), (1049, "1 kB"), (1050, "1.1 kB"), (999_949, "999.9 kB"),
        (999_999, "1 MB"), (500_000_000, "500 MB"), (12_340_000_000, "12.3 GB"), (5 * 10**15, "5000 TB"),
    ],
)  # fmt: skip
def test_a_size_is_said_in_the_nearest_unit(size: int, text: str) -> None:
    assert readable(size) == text


def test_pathspec_is_not_imported_before_something_is_packed() -> None:
    code = "import sys, foundations.bundle; sys.exit('pathspec' in sys.modules)"
    paths = [path for path in sys.path if path]
    subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {paths}; {code}"], check=True)


def test_a_large_file_is_packed_in_chunks_and_uploaded_whole(tmp_path: Path) -> None:
    content = os.urandom(CHUNK) + b"the rest"
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "large.bin").write_bytes(content)
    (tmp_path / "model" / "empty").touch()
    manifest = pack(tmp_path / "model", paths=(".",))
    blobs = Blobs(DirectoryStore(tmp_path / "archive"))
    upload(blobs, tmp_path / "model", manifest)
    unpack(manifest, blobs.get, tmp_path / "copy")
    assert (tmp_path / "copy" / "large.bin").read_bytes() == content
    assert (tmp_path / "copy" / "empty").read_bytes() == b""


def test_a_file_that_changes_before_it_is_uploaded_is_named(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "data.csv").write_text("old")
    manifest = pack(tmp_path / "model", paths=(".",))
    (tmp_path / "model" / "data.csv").write_text("new")
    with pytest.raises(BundleError, match=r"data\.csv.*changed"):
        upload(Blobs(DirectoryStore(tmp_path / "archive")), tmp_path / "model", manifest)


def test_the_files_that_a_drivers_output_goes_to_stay_behind(tmp_path: Path) -> None:
    code = """
import pathlib, sys
from foundations.bundle import pack
print("a line", flush=True)
print("another", file=sys.stderr, flush=True)
found = [file.path for file in pack(pathlib.Path.cwd(), paths=(".",)).files]
assert found == ["driver.py"], found
"""
    (tmp_path / "driver.py").write_text(code)
    with (tmp_path / "out.log").open("w") as out, (tmp_path / "errors.log").open("w") as errors:
        status = subprocess.run([sys.executable, "driver.py"], cwd=tmp_path, stdout=out, stderr=errors, check=False)
    assert status.returncode == 0, (tmp_path / "errors.log").read_text()
