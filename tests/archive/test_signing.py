"""Signed records: who lacks the key can neither make one, nor change one, nor move one elsewhere."""

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from foundations_archive import ArchiveMisconfigured, DirectoryStore, layout
from foundations_archive.archive import Archive
from foundations_archive.cancellation import request_cancellation
from foundations_archive.envelope import canonical, seal, unseal
from foundations_archive.errors import ArchiveDamaged, ArchiveError, ArchiveUntrusted
from foundations_archive.hiding import hide
from foundations_archive.records import CacheEntry, StageRecord, Value
from foundations_archive.signing import SigningKey, read_signing_key
from tests.archive.test_archive import a_record, a_spec, event

KEY = SigningKey((b"first" * 8, b"older" * 8))
OTHER = SigningKey((b"other" * 8,))
PLACE = "jobs/one/spec.json"
BODIES: list[Any] = [{"a": [1, 2.5, "ü"]}, {"rows": list(range(5000))}]


@pytest.mark.parametrize("body", BODIES, ids=["plain", "compressed"])
def test_a_signed_record_is_read_with_the_key_and_without(body: Any) -> None:
    data = seal("spec", body, key=PLACE, signing=KEY)
    assert unseal("spec", data, PLACE, signing=KEY) == body
    assert unseal("spec", data, PLACE) == body


@pytest.mark.parametrize("body", BODIES, ids=["plain", "compressed"])
def test_a_record_of_another_key_of_none_or_from_elsewhere_is_refused(body: Any) -> None:
    refused = {
        "is signed, but not": seal("spec", body, key=PLACE, signing=OTHER),
        "is signed, but not for": seal("spec", body, key="jobs/two/spec.json", signing=KEY),
        "is not signed": seal("spec", body),
    }
    for words, data in refused.items():
        with pytest.raises(ArchiveUntrusted, match=f"the record {PLACE} {words}") as raised:
            unseal("spec", data, PLACE, signing=KEY)
        assert isinstance(raised.value, PermissionError)
        assert raised.value.key == PLACE


def forged(data: bytes, **head: Any) -> bytes:
    """Return a record with other words, and the digest that goes with its body."""
    record = {**json.loads(data), **head}
    return json.dumps({**record, "sha256": hashlib.sha256(canonical(record["body"])).hexdigest()}).encode()


def test_no_part_of_a_signed_record_can_be_changed() -> None:
    data = seal("spec", {"a": 1}, key=PLACE, signing=KEY)
    assert unseal("spec", forged(data), PLACE, signing=KEY) == {"a": 1}
    signature = json.loads(seal("spec", {"a": 2}, key=PLACE, signing=KEY))["signature"]
    for change in (
        {"body": {"a": 2}},
        {"body": {"a": 2}, "signature": signature},
        {"nonce": "0"},
        {"format": 0},
        {"signature": signature},
        {"signature": ""},
        {"signature": None},
        {"signature": [signature]},
        {"signature": "\ud800"},
    ):
        with pytest.raises(ArchiveUntrusted):
            unseal("spec", forged(data, **change), PLACE, signing=KEY)
    with pytest.raises(ArchiveUntrusted):
        unseal("job", forged(data, kind="job"), PLACE, signing=KEY)


def test_an_older_secret_still_verifies_and_no_longer_signs() -> None:
    old, new = SigningKey(KEY.secrets[1:]), SigningKey(KEY.secrets[:1])
    assert unseal("spec", seal("spec", 1, key=PLACE, signing=old), PLACE, signing=KEY) == 1
    assert unseal("spec", seal("spec", 1, key=PLACE, signing=KEY), PLACE, signing=new) == 1
    with pytest.raises(ArchiveUntrusted):
        unseal("spec", seal("spec", 1, key=PLACE, signing=KEY), PLACE, signing=old)


def test_a_key_travels_as_text_and_is_not_shown() -> None:
    assert SigningKey.imported(KEY.exported()) == KEY
    assert SigningKey.imported(()) is None
    assert "first" not in repr(KEY)
    assert "first" not in repr(Archive(DirectoryStore(Path("/nowhere")), signing=KEY).signing)


def key_file(path: Path, data: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(data)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("data", "secrets"),
    [
        (b"a" * 64 + b"\n", (b"a" * 64,)),
        (b"a" * 32 + b"\r\n\n  " + b"b" * 40, (b"a" * 32, b"b" * 40)),
        (bytes(range(32)), (bytes(range(32)),)),
        (b"\n" * 31 + b"\xff", (b"\n" * 31 + b"\xff",)),
    ],
)
def test_a_key_file_is_lines_of_text_or_bytes(tmp_path: Path, data: bytes, secrets: tuple[bytes, ...]) -> None:
    assert read_signing_key(key_file(tmp_path / "key", data)).secrets == secrets


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"a" * 31, "holds a key of 31 bytes"),
        (b"a" * 64 + b"\nshort\n", "holds a key of 5 bytes"),
        (b"\xff" * 8, "holds a key of 8 bytes"),
        (b"a" * 70_000, "is no file that could be a key"),
    ],
)
def test_what_is_no_key_is_refused_with_the_way_to_make_one(tmp_path: Path, data: bytes, why: str) -> None:
    with pytest.raises(ArchiveMisconfigured, match=f"the signing key file .*key {why}.*openssl rand -hex 32"):
        read_signing_key(key_file(tmp_path / "key", data))


def test_a_key_file_that_is_not_there_or_is_none_is_named(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path, why in (("missing", "No such file"), (".", "no file that could"), ("fifo", "no file that could")):
        with pytest.raises(ArchiveMisconfigured, match=why):
            read_signing_key(tmp_path / path)


def test_a_key_that_others_may_read_or_replace_is_refused(tmp_path: Path) -> None:
    for mode in (0o604, 0o602, 0o601, 0o620, 0o666):
        with pytest.raises(ArchiveMisconfigured, match=rf"open to other users \(mode {mode:03o}\).*chmod 600"):
            read_signing_key(key_file(tmp_path / "key", b"a" * 32, mode))
    for mode in (0o600, 0o400, 0o640):
        assert stat.S_IMODE(key_file(tmp_path / "key", b"a" * 32, mode).stat().st_mode) == mode
        read_signing_key(tmp_path / "key")


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path / "archive")


def with_a_job(archive: Archive) -> Archive:
    """Write what a job leaves, a cache entry, and what is done to jobs."""
    spec = a_spec()
    archive.check()
    archive.submit(spec)
    archive.start("job", "1", {})
    previous = archive.append("job", "1", 0, [event(0, "job started")])
    archive.append("job", "1", 1, [event(1, "log", stream="stdout", text="x", stage="1")], previous=previous)
    archive.finish(spec, a_record(), attempt="1")
    archive.finish(spec, a_record(), attempt="2", watcher=True)
    archive.keep("k" * 64, CacheEntry(Value("json", inline="1"), "job", "1", 0.5))
    hide(archive, spec)
    archive.submit(a_spec("waits"))
    request_cancellation(archive, a_spec("waits"))
    archive.submit(a_spec("runs"))
    return archive


def test_every_record_is_signed_for_its_place(store: DirectoryStore) -> None:
    with_a_job(Archive(store, signing=KEY))
    records = [entry.key for entry in store.list("") if entry.key != layout.DESCRIPTOR]
    assert {key.partition("/")[0] for key in records} == {"cache", "hidden", "idx", "jobs", "live"}
    for key in records:
        data = store.get(key)
        unseal(json.loads(data)["kind"], data, key, signing=KEY)


def test_no_record_is_taken_for_another_without_a_key_either(store: DirectoryStore) -> None:
    with_a_job(Archive(store))
    records = [entry.key for entry in store.list("") if entry.key != layout.DESCRIPTOR]
    for key, other in zip(records, records[1:] + records[:1], strict=True):
        data = store.get(key)
        kind = json.loads(data)["kind"]
        unseal(kind, data, key)
        with pytest.raises(ArchiveDamaged, match=f"{other} was written for {key};"):
            unseal(kind, data, other)


def test_a_signed_archive_is_read_by_who_has_no_key(store: DirectoryStore) -> None:
    with_a_job(Archive(store, signing=KEY))
    archive = Archive(store)
    assert archive.record(archive.spec("job")).state == "Completed"
    assert archive.trusting().record(a_spec()).state == "Completed"
    assert archive.cached("k" * 64) is not None
    assert len(archive.rows()) == 2


def test_all_but_what_is_run_is_read_without_a_signature(store: DirectoryStore) -> None:
    with_a_job(Archive(store))
    archive = Archive(store, signing=KEY)
    assert archive.record(archive.spec("job")).state == "Completed"
    assert [one["event"] for one in archive.events("job")] == ["job started", "log"]
    assert len(archive.rows()) == 2
    assert len(archive.jobs(hidden=True)) == 3


@pytest.mark.parametrize("name", ["a/1/done.json", "a/2/post.json", "spec.json", "a/1/ev/00000001"])
def test_who_is_about_to_run_what_records_name_refuses_one_that_is_not_signed(store: DirectoryStore, name: str) -> None:
    archive = with_a_job(Archive(store, signing=KEY))
    key = f"jobs/job/{name}"
    if name != "a/1/done.json":  # each of these counts where the ones before it are missing
        store.delete("jobs/job/a/1/done.json")
        for watcher in (False, True):
            store.delete(layout.row(a_spec().project, "job", watcher=watcher))
    if name.startswith("a/1/ev"):
        store.delete("jobs/job/a/2/post.json")
    data = json.loads(store.get(key))
    store.put(key, seal(data["kind"], data["body"]))
    trusting = archive.trusting()
    with pytest.raises(ArchiveUntrusted) as raised:
        trusting.record(trusting.spec("job"))
    assert raised.value.key == key
    archive.record(archive.spec("job"))


def test_an_entry_that_is_not_signed_serves_nobody_and_is_replaced(store: DirectoryStore) -> None:
    forged, ours = (CacheEntry(Value("json", inline=text), "job", "1", 0.5) for text in ("1", "2"))
    Archive(store, signing=OTHER).keep("key", forged)
    archive = Archive(store, signing=KEY)
    with pytest.raises(ArchiveUntrusted):
        archive.cached("key")
    archive.keep("key", ours)
    assert archive.cached("key") == ours
    archive.keep("key", forged)
    assert archive.cached("key") == ours


def test_an_entry_that_was_moved_to_another_key_serves_nobody(store: DirectoryStore) -> None:
    archive = Archive(store, signing=KEY)
    archive.keep("aa", CacheEntry(Value("json", inline="1"), "job", "1", 0.5))
    store.put(layout.cached("bb"), store.get(layout.cached("aa")))
    with pytest.raises(ArchiveUntrusted):
        archive.cached("bb")


def test_a_value_is_that_of_the_signed_record(store: DirectoryStore) -> None:
    archive = Archive(store, signing=KEY)
    spec = a_spec()
    archive.submit(spec)
    value = Value("pickle5", (archive.blobs.put_bytes(b"a pickle"),))
    record = a_record()
    stages = (StageRecord("1", "succeeded", value=value), record.stages[1])
    archive.finish(spec, type(record)(**{**vars(record), "stages": stages}), attempt="1")
    assert archive.trusting().record(spec).stages[0].value == value
    (chunk,) = value.buffers[0].chunks
    store.put(layout.blob(chunk), b"FB1\0another pickle")
    with pytest.raises(ArchiveError, match="is damaged"):
        archive.blobs.read(value.buffers[0])
