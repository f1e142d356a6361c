import dataclasses
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import manifest as manifest_module
from foundations_archive.blobs import CHUNK
from foundations_archive.errors import ArchiveDamaged, NewerFormat
from foundations_archive.manifest import (
    EMPTY,
    BundleFile,
    Manifest,
    ManifestError,
    digest_of_chunks,
    link_fault,
    path_fault,
    unpack,
)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file(path: str, content: bytes = b"", *, mode: int = 0o644) -> BundleFile:
    return BundleFile(path, sha256(content), len(content), mode)


def link(path: str, target: str) -> BundleFile:
    return BundleFile(path, EMPTY, 0, 0o644, target)


def tree(*files: BundleFile) -> Manifest:
    return Manifest(tuple(sorted(files, key=lambda file: file.path)), (".",))


def fetch_from(*contents: bytes) -> Callable[[str], bytes]:
    return {sha256(content): content for content in (b"", *contents)}.__getitem__


def written(**changes: Any) -> bytes:
    """The text of a manifest with one file, changed as a hostile archive could."""
    entry = {"path": "a", "digest": EMPTY, "size": 0, "mode": 0o644, "link": None, "chunks": []}
    body = {"format": 1, "files": [entry | changes], "paths": ["."]}
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()


def test_a_manifest_reads_back_as_it_was_written() -> None:
    bundle = tree(file("a b/ü.py", b"x", mode=0o755), link("l", "a b"), file("z"))
    assert Manifest.from_bytes(bundle.to_bytes()) == bundle
    assert bundle.digest == sha256(bundle.to_bytes())


def test_the_text_of_a_manifest_stays_the_same_between_releases() -> None:
    assert tree(file("a", b"x")).to_bytes() == (
        b'{"files":[{"chunks":[],"digest":"2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881","link":null,'
        b'"mode":420,"path":"a","size":1}],"format":1,"paths":["."]}'
    )


def test_an_unchanged_entry_is_accepted() -> None:
    assert Manifest.from_bytes(written()) == tree(file("a"))


@pytest.mark.parametrize(
    "path",
    [
        "", "/etc/passwd", "..", "../a", "a/../b", "a/./b", ".", "a//b", "a/", "a\0b", "a\nb", "a\x7fb", "a\x85b",
        "a\\b", "C:a", "c:/a", "\ud800", "x" * 256, "ü" * 128, "/".join(["abcd"] * 500),
    ],
)  # fmt: skip
def test_a_path_that_could_do_harm_is_refused(path: str) -> None:
    assert path_fault(path) is not None
    with pytest.raises(ArchiveDamaged):
        Manifest.from_bytes(written(path=path))
    with pytest.raises(ManifestError):
        tree(file(path))
    with pytest.raises(ManifestError):
        Manifest((), ("..",))


@pytest.mark.parametrize(
    "path", ["a", "a b", "ü/é", "12:30.csv", "..a", "a..", "-", "x" * 255, "d/" * 300 + "f", "\u202ea"]
)
def test_an_odd_path_that_does_no_harm_is_kept(path: str) -> None:
    assert path_fault(path) is None
    assert Manifest.from_bytes(tree(file(path)).to_bytes()).files[0].path == path


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": 0o777}, {"mode": 0o4755}, {"mode": 420.0}, {"mode": True}, {"mode": "644"}, {"mode": None},
        {"size": -1}, {"size": 1.5}, {"size": True}, {"size": None}, {"size": "1"},
        {"digest": "0" * 63}, {"digest": "A" * 64}, {"digest": "0" * 64 + "\n"}, {"digest": 5},
        {"path": 5}, {"path": None}, {"path": ["a"]}, {"link": 5}, {"link": False}, {"link": ["b"]},
        {"extra": 1}, {"digest": None}, {"link": "b", "size": 1}, {"link": "b", "digest": "0" * 64},
    ],
)  # fmt: skip
def test_an_entry_that_no_file_has_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ArchiveDamaged):
        Manifest.from_bytes(written(**changes))


@pytest.mark.parametrize(
    "data",
    [
        b"", b"x", b"\xff\xfe", b"[]", b"1", b"null", b"{}", b"[" * 100_000, b'{"format":' + b"9" * 5000 + b"}",
        b'{"format":1}',
        b'{"files":[],"format":1,"paths":null}',
        b'{"files":{},"format":1,"paths":[]}',
        b'{"files":[1],"format":1,"paths":[]}',
        b'{"files":[],"format":0,"paths":[]}',
        b'{"files":[],"format":"1","paths":[]}',
        b'{"files":[],"format":1.0,"paths":[]}',
        b'{"files":[],"format":1,"paths":"."}',
        b'{"files":[],"format":1,"paths":[5]}',
        b'{"files":[],"format":1,"paths":[["."]]}',
        b'{"files":[], "format":1,"paths":[]}',
        b'{"files":[],"files":[],"format":1,"paths":[]}',
        b'{"files":[],"format":1,"more":1,"paths":[]}',
        b'{"files":[],"format":1,"paths":[]} ',
    ],
)  # fmt: skip
def test_anything_but_the_canonical_text_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveDamaged) as caught:
        Manifest.from_bytes(data, key="blobs/ab/abc")
    assert caught.value.key == "blobs/ab/abc"
    assert "blobs/ab/abc" in str(caught.value)


def test_a_newer_format_says_to_upgrade() -> None:
    with pytest.raises(NewerFormat, match="upgrade foundations"):
        Manifest.from_bytes(b'{"format":2,"trees":[]}')


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Data.csv", "data.csv"), ("a", "a/b"), ("A", "a/b"), ("A/x", "a/y"), ("stra\u00dfe", "STRASSE"),
        ("\u00e9", "e\u0301"), ("\u0130", "i\u0307"),
    ],
)  # fmt: skip
def test_two_names_that_one_file_system_takes_for_the_same_are_refused(one: str, other: str) -> None:
    with pytest.raises(ManifestError, match="clashes with"):
        tree(file(one), file(other))


def test_files_that_are_not_sorted_or_there_twice_are_refused() -> None:
    for files in ((file("b"), file("a")), (file("a"), file("a"))):
        with pytest.raises(ManifestError, match="there twice, or not in its place"):
            Manifest(files, ())


def test_more_files_than_a_bundle_may_have_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifest_module, "MAX_FILES", 1)
    with pytest.raises(ManifestError, match="'b' is one file more"):
        tree(file("a"), file("b"))


@pytest.mark.parametrize(
    ("path", "target"),
    [("l", "a"), ("l", "."), ("l", "a/b"), ("d/l", ".."), ("d/l", "../a"), ("d/e/l", "../../a")],
)
def test_a_link_that_stays_inside_is_kept(path: str, target: str) -> None:
    assert link_fault(path, target) is None


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("l", ".."), ("l", "../a"), ("d/l", "../.."), ("d/l", "../../a"), ("l", "/etc"), ("l", ""),
        ("l", "a/../b"), ("l", "./a"), ("l", "a//b"), ("l", "a/"), ("d/l", "../"), ("l", "a\\b"), ("l", "C:a"),
        ("l", "a\nb"), ("d/l", "..//etc"), ("l", "\ud800"),
    ],
)  # fmt: skip
def test_a_link_that_could_lead_outside_is_refused(path: str, target: str) -> None:
    assert link_fault(path, target) is not None
    with pytest.raises(ArchiveDamaged):
        Manifest.from_bytes(written(path=path, link=target))


def test_a_link_can_not_climb_out_of_another_links_target() -> None:
    with pytest.raises(ManifestError, match="'q'"):
        tree(link("d/up", ".."), link("q", "d/up/../secret"))


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


def test_size_counts_every_file() -> None:
    assert tree(file("a", b"xy"), file("b", b"z"), link("l", "a")).size == 3


def test_a_manifest_can_not_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        tree(file("a")).files = ()  # type: ignore[misc]


def chunked(path: str, content: bytes) -> tuple[BundleFile, dict[str, bytes]]:
    pieces = {sha256(piece): piece for piece in (content[n : n + CHUNK] for n in range(0, len(content), CHUNK))}
    return BundleFile(path, digest_of_chunks(pieces), len(content), 0o644, chunks=tuple(pieces)), pieces


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


@pytest.mark.parametrize(
    "changes",
    [
        {"chunks": ()},
        {"size": 3},
        {"size": 3 * CHUNK},
        {"digest": EMPTY},
        {"chunks": ("../../x", EMPTY)},
    ],
)
def test_chunks_that_do_not_make_up_their_file_are_refused(changes: dict[str, Any]) -> None:
    large, _ = chunked("large", bytes(CHUNK) + b"x")
    with pytest.raises(ManifestError, match="chunk"):
        tree(dataclasses.replace(large, **changes))
