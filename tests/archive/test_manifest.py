import dataclasses
import json
from typing import Any

import pytest

from foundations_archive import manifest as manifest_module
from foundations_archive.blobs import CHUNK
from foundations_archive.errors import ArchiveDamaged, NewerFormat
from foundations_archive.manifest import EMPTY, Manifest, ManifestError, link_fault, path_fault
from tests.archive.trees import chunked, file, link, sha256, tree


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


def test_size_counts_every_file() -> None:
    assert tree(file("a", b"xy"), file("b", b"z"), link("l", "a")).size == 3


def test_a_manifest_can_not_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        tree(file("a")).files = ()  # type: ignore[misc]


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
