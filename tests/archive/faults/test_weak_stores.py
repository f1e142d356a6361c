"""Servers that are weaker than S3: no conditional puts, or a clock far from ours."""

import datetime
import json
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import botocore.auth
import pytest

from foundations_archive import ArchiveForbidden, S3Settings, S3Store
from foundations_archive.archive import Archive
from foundations_archive.errors import JobTaken
from tests.archive.faults import injected
from tests.archive.faults.proxy import Fault, FaultProxy
from tests.archive.faults.test_operations import a_spec
from tests.archive.faults.traffic import Request

pytestmark = pytest.mark.s3

Weaken = Callable[[str], None]


def conditional(request: Request) -> bool:
    return request.header("If-None-Match") is not None


@pytest.fixture
def weaken(proxy: FaultProxy, s3_settings: S3Settings) -> Weaken:
    faults: dict[str, Fault] = {
        "overwrites": injected.unconditional(s3_settings),
        "answers 501": injected.answered(501, "NotImplemented"),
    }
    return lambda how: None if how == "refuses" else proxy.inject(faults[how], when=conditional) and None


def caps(store: S3Store) -> object:
    return json.loads(store.get("foundations.json"))["caps"]


@pytest.mark.parametrize(("how", "found"), [("refuses", "native"), ("overwrites", "none"), ("answers 501", "none")])
def test_the_first_check_writes_down_whether_puts_can_be_refused(
    through: S3Store, proxy: FaultProxy, weaken: Weaken, how: str, found: str
) -> None:
    weaken(how)
    Archive(through).check()
    assert caps(through) == {"create": found}
    assert [entry.key for entry in through.list("")] == ["foundations.json"]
    assert through.sweep_temporary(-1) == 0
    probes = proxy.count(key="probe")
    Archive(through).check()
    assert proxy.count(key="probe") == probes


@pytest.mark.parametrize("how", ["overwrites", "answers 501"])
def test_on_a_weak_store_create_looks_first_and_knows_its_own(through: S3Store, weaken: Weaken, how: str) -> None:
    weaken(how)
    Archive(through).check()
    assert through.create("a", b"first")
    assert not through.create("a", b"second")
    assert through.create("a", b"first")
    assert through.get("a") == b"first"


def test_another_process_learns_from_the_descriptor(
    through: S3Store, proxy: FaultProxy, weaken: Weaken, s3_settings: S3Settings
) -> None:
    weaken("overwrites")
    Archive(through).check()
    other = S3Store(through._bucket, through._base, proxy.settings(s3_settings))
    Archive(other).check()
    assert other.create("a", b"first")
    assert not other.create("a", b"second")


def test_a_descriptor_without_caps_is_left_alone_and_each_process_probes(through: S3Store, weaken: Weaken) -> None:
    old = json.dumps({"format": 1, "archive_id": "a", "created": 1.0, "min_reader": 1}).encode()
    through.put("foundations.json", old)
    weaken("overwrites")
    Archive(through).check()
    assert through.get("foundations.json") == old
    assert through.create("a", b"first")
    assert not through.create("a", b"second")


@pytest.mark.parametrize("how", ["refuses", "overwrites", "answers 501"])
def test_two_drivers_with_one_name_leave_one_whole_job(
    through: S3Store, proxy: FaultProxy, weaken: Weaken, s3_settings: S3Settings, how: str
) -> None:
    weaken(how)
    Archive(through).check()
    for number in range(5):
        specs = [replace(a_spec(f"job{number}"), user=user) for user in ("one", "other")]

        def submit(spec: object) -> bool:
            archive = Archive(S3Store(through._bucket, through._base, proxy.settings(s3_settings)))
            archive.check()
            with suppress(JobTaken):
                archive.submit(spec)  # type: ignore[arg-type]
                return True
            return False

        with ThreadPoolExecutor(2) as threads:
            won = list(threads.map(submit, specs))
        there = Archive(through).spec(f"job{number}")
        assert there in [spec for spec, mine in zip(specs, won, strict=True) if mine]
        assert how != "refuses" or won.count(True) == 1
        assert Archive(through).state(there) == "Queued"


@pytest.mark.parametrize("hours", [-1, 1, 30])
def test_a_machine_whose_clock_is_wrong_is_served(
    s3_settings: S3Settings, s3_bucket: str, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    # region only to have a client that no other test has taught the time
    store = S3Store(s3_bucket, uuid.uuid4().hex, replace(s3_settings, region=f"hours{hours}"))
    off = datetime.timedelta(hours=hours)
    real = botocore.auth.get_current_datetime
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: real() + off)
    monkeypatch.setattr("foundations_archive.s3_clock.time", Ahead(off.total_seconds()))
    assert store.head("odd key".replace(" ", "=")) is None
    store.put("a=b/c", b"x")
    assert store.get("a=b/c") == b"x"
    assert [entry.key for entry in store.list("a=")] == ["a=b/c"]
    assert store.create("d", b"y")
    assert not store.create("d", b"z")


def test_a_caller_who_is_refused_for_another_reason_asks_no_second_time(through: S3Store, proxy: FaultProxy) -> None:
    proxy.inject(injected.FORBIDDEN)
    with pytest.raises(ArchiveForbidden):
        through.get("a")
    asked = proxy.count()
    assert asked <= 2  # once as we ask, and once as boto3 does, lest it was our way of asking
    with pytest.raises(ArchiveForbidden):
        through.get("a")
    assert proxy.count() == asked + 1


class Ahead:
    """The module `time`, on a machine whose clock is wrong."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def time(self) -> float:
        import time

        return time.time() + self._seconds

    def __getattr__(self, name: str) -> object:
        import time

        return getattr(time, name)
