"""A tree that is unpacked is what was packed, or nothing of it is there."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from foundations_archive.blobs import CHUNK
from foundations_archive.errors import ArchiveDamaged
from foundations_archive.manifest import EMPTY, Manifest
from foundations_archive.unpacking import unpack
from tests.archive.trees import chunked, fetch_from, file, link, sha256, tree


def test_a_tree_is_written_with_its_content_modes_and_links(tmp_path: Path) -> None:
    bundle = tree(
        file("run.sh", b"echo", mode=0o755),
        file("a b/ü.py", b"x"),
        file("empty"),
        link("l", "a b"),
        link("a b/m", "../run.sh"),
    )
    old = os.umask(0o077)
    try:
        unpack(bundle, fetch_from(b"echo", b"x"), tmp_path / "new" / "tree")
    finally:
        os.umask(old)
    top = tmp_path / "new" / "tree"
    assert sorted(path.relative_to(top).as_posix() for path in top.rglob("*")) == [
        "a b", "a b/m", "a b/ü.py", "empty", "l", "run.sh"
    ]  # fmt: skip
    assert (top / "a b/ü.py").read_bytes() == b"x"
    assert stat.S_IMODE((top / "run.sh").stat().st_mode) == 0o755
    assert stat.S_IMODE((top / "empty").stat().st_mode) == 0o644
    assert stat.S_IMODE((top / "a b").stat().st_mode) == stat.S_IMODE(top.stat().st_mode) == 0o755
    assert (top / "l").readlink() == Path("a b")
    assert (top / "a b/m").read_bytes() == b"echo"


def test_an_empty_folder_keeps_its_mode(tmp_path: Path) -> None:
    target = tmp_path / "private"
    target.mkdir(mode=0o700)
    unpack(tree(file("a")), fetch_from(), target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o700


def test_a_file_may_come_in_pieces(tmp_path: Path) -> None:
    def fetch(digest: str) -> Iterator[bytes]:
        yield from (b"ab", b"", b"c")

    unpack(tree(file("a", b"abc")), fetch, tmp_path / "t")
    assert (tmp_path / "t/a").read_bytes() == b"abc"


def test_a_deep_tree_is_written(tmp_path: Path) -> None:
    path = "d/" * 300 + "f"
    unpack(tree(file(path, b"x")), fetch_from(b"x"), tmp_path / "t")
    assert (tmp_path / "t" / path).read_bytes() == b"x"


@pytest.mark.parametrize("content", [b"xyZ", b"xy", b"xyz!", b""])
def test_content_that_is_not_what_was_packed_leaves_nothing_behind(tmp_path: Path, content: bytes) -> None:
    bundle = tree(file("a/b/first"), link("a/l", "b"), file("wrong", b"xyz"))
    target = tmp_path / "t"
    with pytest.raises(ArchiveDamaged, match="'wrong'") as caught:
        unpack(bundle, lambda digest: b"" if digest == EMPTY else content, target)
    assert caught.value.key == sha256(b"xyz")
    assert not target.exists()


def test_endless_content_is_not_read_to_its_end(tmp_path: Path) -> None:
    def endless(digest: str) -> Iterator[bytes]:
        while True:
            yield b"x"

    with pytest.raises(ArchiveDamaged):
        unpack(tree(file("a", b"xx")), endless, tmp_path / "t")


def test_a_failing_fetch_empties_a_folder_that_was_there(tmp_path: Path) -> None:
    def fetch(digest: str) -> bytes:
        if digest != EMPTY:
            raise KeyError(digest)
        return b""

    depth = "d/" * 1000  # deeper than what recursion can remove
    with pytest.raises(KeyError):
        unpack(tree(file(depth + "a"), file("z", b"xyz")), fetch, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("keep")
    with pytest.raises(FileExistsError, match="not empty"):
        unpack(tree(file("a")), fetch_from(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_symlink_is_no_place_to_unpack_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(OSError):
        unpack(tree(file("a")), fetch_from(), tmp_path / "link")
    assert list((tmp_path / "real").iterdir()) == []


def test_nothing_is_written_through_a_symlink_that_appears_meanwhile(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target = tmp_path / "t"

    def fetch(digest: str) -> bytes:
        if not (target / "d").is_symlink():
            (target / "d").symlink_to(outside)
        return b""

    with pytest.raises(OSError):
        unpack(tree(file("a"), file("d/b")), fetch, target)
    assert list(outside.iterdir()) == []


def test_a_large_file_comes_back_from_its_chunks(tmp_path: Path) -> None:
    content = os.urandom(CHUNK) + b"the rest"
    large, pieces = chunked("large", content)
    manifest = Manifest.from_bytes(tree(large).to_bytes())
    unpack(manifest, pieces.__getitem__, tmp_path / "copy")
    assert (tmp_path / "copy" / "large").read_bytes() == content


def test_a_chunk_that_is_not_what_was_packed_is_damage(tmp_path: Path) -> None:
    large, pieces = chunked("large", os.urandom(CHUNK) + b"the rest")
    swapped = dict(zip(pieces, reversed(pieces.values()), strict=True))
    with pytest.raises(ArchiveDamaged, match="large"):
        unpack(tree(large), swapped.__getitem__, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
