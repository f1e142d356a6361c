import hashlib
import os
from pathlib import Path

import pytest

from foundations.keys import file_digests
from foundations.keys.file_digests import FileDigests, signature_of


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the files whose content has been read."""
    sizes: list[int] = []
    plain = file_digests._content

    def content(descriptor: int, size: int) -> str:
        sizes.append(size)
        return plain(descriptor, size)

    monkeypatch.setattr(file_digests, "_content", content)
    return sizes


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5_000_000])
def test_it_is_the_sha_256_of_the_content(tmp_path: Path, size: int) -> None:
    content = os.urandom(size)
    (tmp_path / "a").write_bytes(content)
    assert FileDigests().of(str(tmp_path / "a")) == sha(content)


def test_a_file_that_stays_is_read_once(tmp_path: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_digests, "YOUNG_SECONDS", -1e9)
    digests, file = FileDigests(), tmp_path / "a"
    file.write_bytes(b"1")
    os.link(file, tmp_path / "b")
    assert digests.of(str(file)) == digests.of(str(tmp_path / "b")) == sha(b"1")
    assert counted == [1]
    file.write_bytes(b"22")
    assert digests.of(str(file)) == sha(b"22")
    digests.forget()
    assert digests.of(str(file)) == sha(b"22")
    assert counted == [1, 2, 2]


def test_a_file_that_has_just_changed_is_not_trusted(tmp_path: Path, counted: list[int]) -> None:
    digests, file = FileDigests(), tmp_path / "a"
    file.write_bytes(b"1")
    status = file.stat()
    assert digests.of(str(file)) == sha(b"1")
    with file.open("r+b") as opened:
        opened.write(b"2")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert digests.of(str(file)) == sha(b"2")
    assert counted == [1, 1]


def test_the_same_file_is_told_from_another_by_its_signature(tmp_path: Path) -> None:
    digests, file = FileDigests(), tmp_path / "a"
    file.write_bytes(b"1")
    signature = signature_of(str(file))
    assert signature is not None
    assert digests.of_same(str(file), signature) == sha(b"1")
    file.write_bytes(b"22")
    assert digests.of_same(str(file), signature) is None
    file.unlink()
    assert digests.of_same(str(file), signature) is None
    assert signature_of(str(file)) is None


def test_what_is_no_regular_file_has_none_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(OSError, match="is not a regular file"):
            FileDigests().of(str(tmp_path / name))
    with pytest.raises(FileNotFoundError):
        FileDigests().of(str(tmp_path / "absent"))


def test_a_digest_begun_is_waited_for(tmp_path: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_digests, "YOUNG_SECONDS", -1e9)
    digests, file = FileDigests(), tmp_path / "a"
    content = os.urandom(20_000_000)
    file.write_bytes(content)
    for _ in range(3):
        digests.begin(str(file), file.stat())
    signature = signature_of(str(file))
    assert signature is not None
    assert digests.of_same(str(file), signature) == sha(content)
    assert counted == [len(content)]


def test_where_no_thread_can_be_started_it_is_made_at_the_end(
    tmp_path: Path, counted: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*args: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("_thread.start_new_thread", refused)
    digests, file = FileDigests(), tmp_path / "a"
    file.write_bytes(bytes(2_000_000))
    digests.begin(str(file), file.stat())
    assert counted == []
    signature = signature_of(str(file))
    assert signature is not None
    assert digests.of_same(str(file), signature) == sha(bytes(2_000_000))


def test_no_more_than_so_many_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_digests, "YOUNG_SECONDS", -1e9)
    monkeypatch.setattr(file_digests, "_MOST_REMEMBERED", 3)
    digests = FileDigests()
    for number in range(10):
        (tmp_path / str(number)).write_text(str(number))
        assert digests.of(str(tmp_path / str(number))) == sha(str(number).encode())
    assert len(digests._known) <= 3
