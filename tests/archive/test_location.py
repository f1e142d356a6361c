"""Where an archive is, as people write it."""

import subprocess
import sys
from pathlib import Path

import pytest

from foundations_archive import ArchiveMisconfigured, DirectoryStore, S3Settings, S3Store, open_store, parse_location
from foundations_archive.location import DirectoryLocation, S3Location, is_on_s3


def test_a_path_is_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for text, path in {
        "/data/archive": Path("/data/archive"),
        "archive": tmp_path / "archive",
        "./a:b/../c": tmp_path / "c",
        "~/archive": tmp_path / "home" / "archive",
        "with blank": tmp_path / "with blank",
    }.items():
        assert parse_location(text) == DirectoryLocation(path)


def test_a_relative_path_is_taken_from_the_base(tmp_path: Path) -> None:
    assert parse_location("archive", tmp_path) == DirectoryLocation(tmp_path / "archive")
    assert parse_location("/data", tmp_path) == DirectoryLocation(Path("/data"))


@pytest.mark.parametrize(
    "text", ["file:///data/my%20archive", "file://localhost/data/my archive", "FILE:/data/my archive"]
)
def test_a_file_url_is_a_directory(text: str) -> None:
    assert parse_location(text) == DirectoryLocation(Path("/data/my archive"))


@pytest.mark.parametrize(
    ("text", "bucket", "prefix"),
    [
        ("s3://my-bucket", "my-bucket", ""),
        ("s3://my-bucket/", "my-bucket", ""),
        ("S3://my.bucket/team/a", "my.bucket", "team/a"),
        ("s3://my-bucket/team/", "my-bucket", "team"),
    ],
)
def test_an_s3_url_is_a_bucket_and_a_prefix(text: str, bucket: str, prefix: str) -> None:
    assert parse_location(text) == S3Location(bucket, prefix)


@pytest.mark.parametrize("text", ["", "  ", "a\0b", "~nobody-of-this-name/x"])
def test_what_names_no_directory_is_refused(text: str) -> None:
    refuses(text)


@pytest.mark.parametrize("text", ["gs://bucket", "https://host/bucket", "ssh:host", "s3:/bucket", "s3:bucket"])
def test_another_scheme_is_refused(text: str) -> None:
    refuses(text)


@pytest.mark.parametrize("text", ["file://host/a", "file:a", "file:///a?b"])
def test_a_file_url_that_is_not_of_this_machine_is_refused(text: str) -> None:
    refuses(text)


@pytest.mark.parametrize("bucket", ["", "ab", "Bucket", "my_bucket", "a..b", "-bucket", "b" * 64, "user:key@bucket"])
def test_a_bad_bucket_name_is_refused(bucket: str) -> None:
    refuses(f"s3://{bucket}")
    refuses(f"s3://{bucket}/prefix")


@pytest.mark.parametrize("prefix", ["/a", "../a", "a//b", "a?b", "ä", "a b", "p" * 121])
def test_a_bad_prefix_is_refused(prefix: str) -> None:
    refuses(f"s3://bucket/{prefix}")


@pytest.mark.parametrize(
    ("text", "on_s3"), [("s3://bucket", True), ("S3://bucket/team", True), ("/data", False), ("s3", False)]
)
def test_a_bucket_is_told_from_a_directory(text: str, on_s3: bool) -> None:
    assert is_on_s3(text) == on_s3


def test_open_store_gives_the_store_of_the_location(tmp_path: Path) -> None:
    directory = open_store("archive", base=tmp_path)
    assert isinstance(directory._store, DirectoryStore)
    assert directory.location == str(tmp_path / "archive")
    s3 = open_store("s3://my-bucket/team", S3Settings("http://127.0.0.1:9", "us-east-1", "id", "secret"))
    assert isinstance(s3._store, S3Store)
    assert s3.location == "s3://my-bucket/team at http://127.0.0.1:9"


def test_importing_the_archive_does_not_import_boto3() -> None:
    program = "import sys, foundations_archive; sys.exit(bool({'boto3', 'botocore', 'urllib3'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def refuses(text: str) -> None:
    with pytest.raises(ArchiveMisconfigured) as raised:
        parse_location(text)
    assert repr(text) in str(raised.value)
