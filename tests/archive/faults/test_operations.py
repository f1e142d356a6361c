"""Every operation of the archive through every fault: the right answer, or an error of ours that says what to do."""

import hashlib
import random
import re
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from foundations_archive import ArchiveError, DirectoryStore, Patience, Retrying, S3Settings, S3Store, s3_connection
from foundations_archive.archive import Archive
from foundations_archive.cancellation import cancellation_requested, request_cancellation
from foundations_archive.errors import JobTaken, NotArchived
from foundations_archive.hiding import hide
from foundations_archive.records import Buffer, CacheEntry, JobRecord, JobSpec, StageSpec, Value
from tests.archive.faults import injected
from tests.archive.faults.proxy import Fault, FaultProxy, fault_proxy
from tests.archive.faults.traffic import Request

pytestmark = pytest.mark.s3

DATA = random.Random(1).randbytes(3000)
VALUE = Value("json", inline="1")
EVENTS: list[dict[str, Any]] = [{"n": 0, "time": 1.0, "event": "job started"}]


@dataclass
class World:
    """An archive behind the proxy, the same past it, and in it a job that runs, one that has ended, one that waits."""

    archive: Archive
    past: Archive
    proxy: FaultProxy
    buffer: Buffer
    digest: str = hashlib.sha256(DATA).hexdigest()
    attempt: str = "1-a"

    def __post_init__(self) -> None:
        self.running, self.ended, self.waiting, self.new = map(a_spec, ("running", "ended", "waiting", "new"))


def furnish(archive: Archive) -> Buffer:
    """Put the three jobs there, a cache entry and two values, and return the second."""
    for job_id in ("running", "ended", "waiting"):
        archive.submit(a_spec(job_id))
    for job_id in ("running", "ended"):
        archive.start(job_id, "1-a", {})
        archive.append(job_id, "1-a", 0, EVENTS)
    archive.finish(a_spec("ended"), a_record(a_spec("ended")), attempt="1-a")
    archive.keep("kept", a_cache_entry())
    archive.blobs.put(DATA)
    return archive.blobs.put_buffer([DATA[:1000], DATA[1000:]])


@dataclass(frozen=True)
class Operation:
    """What is done, and what must be true past the proxy once it has said that it is done."""

    do: Callable[[World], object]
    holds: Callable[[World, Any], bool]


def a_spec(job_id: str) -> JobSpec:
    return JobSpec(
        job_id=job_id,
        project="demo",
        user="me",
        created=1.0,
        target="1",
        stages=(StageSpec("1", "load", "m:load"),),
        graph=VALUE,
        bundle="",
        paths=(),
        directory=".",
        python="3.11",
        environment="local",
        tags={"text": DATA.hex()},  # long enough to be compressed
    )


def a_record(spec: JobSpec) -> JobRecord:
    return JobRecord(spec.job_id, "Completed", 1.0, 2.0, tags={"text": DATA.hex()})


def a_cache_entry() -> CacheEntry:
    return CacheEntry(VALUE, "ended", "1", 1.0)


def row(world: World, job_id: str) -> dict[str, Any]:
    return next(row for row in world.past.rows("demo") if row["job_id"] == job_id)


def submit(world: World) -> None:
    """Submit, as a driver does that is started again: a job that is there already and is ours is no fault."""
    try:
        world.archive.submit(world.new)
    except JobTaken:
        if world.past.spec("new") != world.new:
            raise


WRITES: dict[str, Operation] = {
    "check": Operation(lambda world: world.archive.check(), lambda world, _: world.past.look()),
    "submit": Operation(submit, lambda world, _: world.past.spec("new") == world.new),
    "heartbeat": Operation(
        lambda world: world.archive.heartbeat("demo", "running"),
        lambda world, _: world.past.state(world.running) == "Running",
    ),
    "start": Operation(
        lambda world: world.archive.start("waiting", "2-b", {}),
        lambda world, _: world.past.state(world.waiting) == "Running",
    ),
    "append": Operation(
        lambda world: world.archive.append("running", world.attempt, 1, EVENTS),
        lambda world, _: list(world.past.events("running")) == EVENTS * 2,
    ),
    "finish": Operation(
        lambda world: world.archive.finish(world.running, a_record(world.running), attempt=world.attempt),
        lambda world, _: (
            world.past.sealed("running") == a_record(world.running) and row(world, "running")["status"] == "Completed"
        ),
    ),
    "keep": Operation(
        lambda world: world.archive.keep("new", a_cache_entry()),
        lambda world, _: world.past.cached("new") == a_cache_entry(),
    ),
    "put": Operation(
        lambda world: world.archive.blobs.put(DATA + b"2"), lambda world, made: read(world, made) == DATA + b"2"
    ),
    "put_buffer": Operation(
        lambda world: world.archive.blobs.put_buffer([DATA[::-1], DATA * 2]),
        lambda world, made: world.past.blobs.read(made) == DATA[::-1] + DATA * 2,
    ),
    "cancel": Operation(
        lambda world: request_cancellation(world.archive, world.running),
        lambda world, made: made and cancellation_requested(world.past, "running"),
    ),
    "cancel a job that waits": Operation(
        lambda world: request_cancellation(world.archive, world.waiting),
        lambda world, _: world.past.state(world.waiting) == "Cancelled",
    ),
    "hide": Operation(
        lambda world: hide(world.archive, world.ended), lambda world, _: "ended" not in world.past.job_ids("demo")
    ),
}
READS = {
    "look": Operation(lambda world: world.archive.look(), lambda _, made: made is False),
    "spec": Operation(lambda world: world.archive.spec("ended"), lambda world, made: made == world.ended),
    "record": Operation(
        lambda world: world.archive.record(world.ended), lambda world, made: made == a_record(world.ended)
    ),
    "record of a job that runs": Operation(
        lambda world: world.archive.record(world.running),
        lambda _, made: (made.state, made.started, made.events) == ("Running", 1.0, 1),
    ),
    "state": Operation(lambda world: world.archive.state(world.running), lambda _, made: made == "Running"),
    "events": Operation(lambda world: list(world.archive.events("running")), lambda _, made: made == EVENTS),
    "rows": Operation(
        lambda world: world.archive.rows("demo"),
        lambda _, made: (
            {row["job_id"]: row["status"] for row in made}
            == {"running": "Running", "ended": "Completed", "waiting": "Queued"}
        ),
    ),
    "jobs": Operation(
        lambda world: world.archive.jobs("demo"),
        lambda _, made: sorted(record.state for _, record in made) == ["Completed", "Queued", "Running"],
    ),
    "cached": Operation(lambda world: world.archive.cached("kept"), lambda _, made: made == a_cache_entry()),
    "not cached": Operation(lambda world: world.archive.cached("other"), lambda _, made: made is None),
    "get": Operation(lambda world: world.archive.blobs.get(world.digest), lambda _, made: made == DATA),
    "read": Operation(lambda world: world.archive.blobs.read(world.buffer), lambda _, made: made == DATA),
    "cancelled": Operation(
        lambda world: cancellation_requested(world.archive, "running"), lambda _, made: made is False
    ),
}
OPERATIONS = WRITES | READS


def read(world: World, digest: str) -> bytes:
    return world.past.blobs.get(digest)


def never_listing(request: Request, fault: str) -> bool:
    # what a listing says has no digest: a bit that flips in one is found by TLS or by nobody
    return not (request.listing and "flipped" in fault)


# each request of an operation meets it once, and not when it is tried again: what passes must not be seen at all
PASSING: dict[str, Fault] = {
    "500": injected.INTERNAL_ERROR,
    "503": injected.UNAVAILABLE,
    "SlowDown": injected.SLOW_DOWN,
    "429": injected.TOO_MANY_REQUESTS,
    "RequestTimeout": injected.REQUEST_TIMEOUT,
    "reset before": injected.reset_before,
    "answer lost": injected.reset_after,
    "reset midway": injected.reset_midway,
    "truncated": injected.truncated,
    "delayed": injected.delayed(0.02),
    "doubled": injected.doubled,
    "doubled later": injected.doubled_later(after=1),
    "flipped": injected.flipped,
    "flipped on the way": injected.flipped_on_the_way,
}
REFUSED: dict[str, Fault] = {
    "403": injected.FORBIDDEN,
    "400": injected.BAD_REQUEST,
    "404": injected.NOT_FOUND,
}
STALLING: dict[str, Fault] = {"stalled": injected.stalled, "stalled after": injected.stalled_after}


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """Pauses are a hundredth of what users have."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("foundations_archive.retrying._FIRST_PAUSE", 0.001)
        patch.setattr("foundations_archive.retrying._LONGEST_PAUSE", 0.02)
        yield


@pytest.fixture
def short_timeout(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("foundations_archive.s3_connection.READ_TIMEOUT", 1.0)
    s3_connection._known.forget()
    yield
    s3_connection._known.forget()


@pytest.fixture(scope="module")
def proxied(s3_settings: S3Settings) -> Iterator[FaultProxy]:
    assert s3_settings.endpoint_url is not None
    with fault_proxy(s3_settings.endpoint_url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Buffer, dict[str, bytes]]:
    archive = Archive(DirectoryStore(tmp_path_factory.mktemp("furnished")))
    buffer = furnish(archive)
    return buffer, {entry.key: archive.store.get(entry.key) for entry in archive.store.list("")}


Furnish = Callable[[], World]


@pytest.fixture(scope="module")
def new_world(
    proxied: FaultProxy, s3_settings: S3Settings, s3_bucket: str, furnished: tuple[Buffer, dict[str, bytes]]
) -> Furnish:
    buffer, objects = furnished

    def made() -> World:
        prefix = uuid.uuid4().hex
        past = S3Store(s3_bucket, prefix, s3_settings)
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(past.put, objects.keys(), objects.values()))
        through = S3Store(s3_bucket, prefix, proxied.settings(s3_settings))
        return World(Archive(Retrying(through, patience=Patience(1.0, 10.0))), Archive(past), proxied, buffer)

    return made


@pytest.fixture(scope="module")
def still(new_world: Furnish) -> World:
    """A world that is only read."""
    return new_world()


@pytest.fixture
def world(new_world: Furnish, proxied: FaultProxy, request: pytest.FixtureRequest) -> Iterator[World]:
    reading = request.node.callspec.params.get("name") in READS if hasattr(request.node, "callspec") else False
    world: World = request.getfixturevalue("still") if reading else new_world()
    world.past.heartbeat("demo", "running")
    yield world
    proxied.heal()


def first_time() -> Callable[[Request], bool]:
    """Tell of each request whether it is the first of its kind: what is tried again is not."""
    seen: set[tuple[str, str]] = set()

    def is_new(request: Request) -> bool:
        # a probe has another name each time
        kind = (request.method, re.sub("probe-[0-9a-f]+", "probe", request.target))
        known = kind in seen
        seen.add(kind)
        return not known

    return is_new


def no_head(request: Request) -> bool:
    return request.method != "HEAD"


def outcome(operation: Operation, world: World) -> tuple[str, object]:
    """Return what an error of ours says, or nothing, and what was returned; another error is a fault of ours."""
    try:
        return "", operation.do(world)
    except ArchiveError as error:
        return str(error), None


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("name", OPERATIONS)
def test_what_passes_is_not_noticed(world: World, name: str, fault: str) -> None:
    operation = OPERATIONS[name]
    new = first_time()
    rule = world.proxy.inject(PASSING[fault], when=lambda request: never_listing(request, fault) and new(request))
    made = operation.do(world)
    assert rule.applied or "flipped" in fault
    world.proxy.heal()
    assert operation.holds(world, made)


@pytest.mark.parametrize("fault", REFUSED)
@pytest.mark.parametrize("name", OPERATIONS)
def test_a_refusal_is_named_wherever_it_comes_and_is_mended_by_doing_it_again(
    world: World, name: str, fault: str
) -> None:
    operation = OPERATIONS[name]
    for place in range(1, 40):
        # to a HEAD, which has no body, 404 is an answer and no refusal
        rule = world.proxy.inject(REFUSED[fault], nth=place, when=None if fault != "404" else no_head)
        said, made = outcome(operation, world)
        world.proxy.heal()
        if said:
            assert rule.applied
            assert world.archive.location in said
        else:
            assert operation.holds(world, made)
        if not rule.applied:
            break
    else:
        pytest.fail("an operation of so many requests that its later ones were not tried")
    assert operation.holds(world, operation.do(world))


@pytest.mark.parametrize("fault", STALLING)
@pytest.mark.parametrize("name", ["submit", "finish", "record"])
@pytest.mark.usefixtures("short_timeout")
def test_a_stall_ends_and_is_made_up_for(world: World, name: str, fault: str) -> None:
    operation = OPERATIONS[name]
    world.proxy.inject(STALLING[fault], nth=1)
    made = operation.do(world)
    world.proxy.heal()
    assert operation.holds(world, made)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_outage_that_stays_is_named_and_leaves_nothing_that_is_not_mended(world: World, name: str) -> None:
    operation = OPERATIONS[name]
    impatient = Archive(Retrying(world.archive.store._store, patience=Patience(0.0, 0.02)))  # type: ignore[attr-defined]
    for place in range(1, 6):
        world.proxy.inject(injected.UNAVAILABLE, nth=range(place, 1000))
        patient, world.archive = world.archive, impatient
        with suppress(ArchiveError):
            operation.do(world)
        world.archive = patient
        world.proxy.heal()
    assert operation.holds(world, operation.do(world))


@pytest.mark.parametrize("name", WRITES)
def test_a_lie_about_a_write_breaks_no_more_than_that_write(world: World, name: str) -> None:
    """A store that says 200 and forgets is found out by who reads; doing it again mends it, and nothing is made up."""
    operation = OPERATIONS[name]
    for place in range(1, 5):
        rule = world.proxy.inject(injected.lying, method="PUT", nth=place)
        with suppress(NotArchived):
            operation.do(world)
        world.proxy.heal()
        if not rule.applied:
            break
    world.archive.blobs = type(world.archive.blobs)(world.archive.store)
    assert operation.holds(world, operation.do(world))
    assert {spec.job_id for spec, _ in world.past.jobs("demo", hidden=True)} >= {"running", "ended", "waiting"}


@pytest.mark.parametrize("name", READS)
def test_a_stale_listing_gives_an_earlier_answer_and_never_another(new_world: Furnish, name: str) -> None:
    operation, world = READS[name], new_world()
    before = operation.do(world)
    world.past.append("running", world.attempt, 1, EVENTS)
    world.past.start("waiting", "2-b", {})
    world.proxy.inject(injected.stale, when=lambda request: request.listing)
    stale = operation.do(world)
    world.proxy.heal()
    assert operation.holds(world, before)
    assert operation.holds(world, stale)


@pytest.mark.parametrize("seconds", [-7200, 7200])
def test_a_server_whose_clock_is_wrong_is_believed_about_the_time_and_served(world: World, seconds: float) -> None:
    world.proxy.inject(injected.clock_off_by(seconds))
    for name in ("submit", "record", "rows", "get", "finish"):
        assert outcome(OPERATIONS[name], world)[0] == ""
    assert world.past.sealed("running") == a_record(world.running)


@pytest.mark.parametrize("fault", [injected.reset_before, injected.reset_after, injected.UNAVAILABLE])
def test_an_outage_during_a_jobs_records_costs_only_time(world: World, fault: Fault) -> None:
    refused = 40  # tries in vain, wherever they come

    world.proxy.inject(fault, nth=range(3, 3 + refused))
    archive, spec = world.archive, world.new
    archive.submit(spec)
    archive.start("new", "1-a", {})
    chain = None
    for number in range(3):
        chain = archive.append("new", "1-a", number, EVENTS, previous=chain)
    archive.finish(spec, a_record(spec), attempt="1-a")
    world.proxy.heal()
    assert list(world.past.events("new")) == EVENTS * 3
    assert world.past.sealed("new") == a_record(spec)
    assert row(world, "new")["status"] == "Completed"
    assert world.past.store.head("live/demo/new") is None
