"""The proxy itself: every fault is what its name says, as plain HTTP and the real server see it."""

import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from foundations_archive import S3Settings
from tests.archive.faults import injected
from tests.archive.faults.proxy import Fault, FaultProxy, fault_proxy
from tests.archive.faults.traffic import Record

pytestmark = pytest.mark.s3

BODY = bytes(range(256)) * 8


@dataclass
class Client:
    """A client that asks once, through the proxy or past it."""

    s3: Any
    bucket: str

    def put(self, key: str, data: bytes = BODY, **more: str) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=key, Body=data, **more)

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def keys(self) -> list[str]:
        return [found["Key"] for found in self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", [])]

    def delete(self, key: str) -> None:
        self.s3.delete_object(Bucket=self.bucket, Key=key)


def client(settings: S3Settings, bucket: str) -> Client:
    config = Config(
        retries={"total_max_attempts": 1},
        read_timeout=1,
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    s3 = boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
        config=config,
    )
    return Client(s3, bucket)


@pytest.fixture
def bucket(s3_settings: S3Settings, make_bucket: Callable[[S3Settings], str]) -> str:
    return make_bucket(s3_settings)


@pytest.fixture
def through(proxy: FaultProxy, s3_settings: S3Settings, bucket: str) -> Client:
    return client(proxy.settings(s3_settings), bucket)


@pytest.fixture
def past(s3_settings: S3Settings, bucket: str) -> Client:
    return client(s3_settings, bucket)


def test_without_rules_everything_comes_through_and_is_counted(
    through: Client, past: Client, proxy: FaultProxy
) -> None:
    through.put("a/ä b+c")
    assert through.get("a/ä b+c") == past.get("a/ä b+c") == BODY
    assert through.s3.head_object(Bucket=through.bucket, Key="a/ä b+c")["ContentLength"] == len(BODY)
    assert through.keys() == ["a/ä b+c"]
    through.delete("a/ä b+c")
    assert past.keys() == []
    assert [record.method for record in proxy.records] == ["PUT", "GET", "HEAD", "GET", "DELETE"]
    assert (proxy.count(), proxy.count("GET"), proxy.count("GET", "^a/")) == (5, 2, 1)
    assert {record.key for record in proxy.records} == {"a/ä b+c", ""}


def test_what_the_server_refuses_is_passed_on(through: Client) -> None:
    through.put("a", IfNoneMatch="*")
    with pytest.raises(ClientError, match="PreconditionFailed"):
        through.put("a", IfNoneMatch="*")
    with pytest.raises(ClientError, match="NoSuchKey"):
        through.get("b")


def test_a_wrong_signature_is_still_wrong(proxy: FaultProxy, s3_settings: S3Settings, bucket: str) -> None:
    wrong = S3Settings(proxy.endpoint, s3_settings.region, s3_settings.access_key_id, "wrong")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        client(wrong, bucket).put("a")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (injected.INTERNAL_ERROR, 500, "InternalError"),
        (injected.UNAVAILABLE, 503, "ServiceUnavailable"),
        (injected.SLOW_DOWN, 503, "SlowDown"),
        (injected.TOO_MANY_REQUESTS, 429, "TooManyRequests"),
        (injected.FORBIDDEN, 403, "AccessDenied"),
        (injected.BAD_REQUEST, 400, "InvalidRequest"),
        (injected.NOT_FOUND, 404, "NotFound"),
    ],
)
def test_an_answer_of_the_proxys_own(
    through: Client, past: Client, proxy: FaultProxy, fault: Fault, status: int, code: str
) -> None:
    proxy.inject(fault)
    with pytest.raises(ClientError) as raised:
        through.put("a")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert raised.value.response["Error"]["Code"] == code
    assert past.keys() == []


def test_a_reset_before_means_that_nothing_happened(through: Client, past: Client, proxy: FaultProxy) -> None:
    proxy.inject(injected.reset_before)
    with pytest.raises(ConnectionClosedError):
        through.put("a")
    assert past.keys() == []


def test_a_lost_answer_means_that_it_happened(through: Client, past: Client, proxy: FaultProxy) -> None:
    proxy.inject(injected.reset_after)
    with pytest.raises(ConnectionClosedError):
        through.put("a")
    assert past.get("a") == BODY


@pytest.mark.parametrize("fault", [injected.reset_midway, injected.truncated])
def test_a_body_that_breaks_off_is_announced_whole(through: Client, proxy: FaultProxy, fault: Fault) -> None:
    through.put("a")
    proxy.inject(fault)
    body = through.s3.get_object(Bucket=through.bucket, Key="a")
    assert body["ContentLength"] == len(BODY)
    with pytest.raises((IncompleteReadError, ResponseStreamingError)):
        body["Body"].read()


def test_a_flipped_bit_is_one_bit(through: Client, proxy: FaultProxy) -> None:
    through.put("a")
    proxy.inject(injected.flipped)
    assert bits_apart(through.get("a"), BODY) == 1


def test_a_bit_may_flip_on_the_way_to_the_server(through: Client, past: Client, proxy: FaultProxy) -> None:
    proxy.inject(injected.flipped_on_the_way)
    through.put("a")
    assert bits_apart(past.get("a"), BODY) == 1


def test_a_stall_lasts_until_the_client_gives_up(through: Client, past: Client, proxy: FaultProxy) -> None:
    stalled = proxy.inject(injected.stalled, key="before")
    proxy.inject(injected.stalled_after, key="after")
    for key in ("before", "after"):
        with pytest.raises(ReadTimeoutError):
            through.put(key)
    assert past.keys() == ["after"]
    assert stalled.applied == 1


def test_a_delay_comes_before_the_request(through: Client, past: Client, proxy: FaultProxy) -> None:
    proxy.inject(injected.delayed(0.2))
    started = time.monotonic()
    through.put("a")
    assert time.monotonic() - started >= 0.2
    assert past.keys() == ["a"]


def test_a_doubled_request_is_answered_as_its_second_delivery(through: Client, proxy: FaultProxy) -> None:
    proxy.inject(injected.doubled)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        through.put("a", IfNoneMatch="*")


def test_a_late_double_undoes_a_later_write(through: Client, past: Client, proxy: FaultProxy) -> None:
    proxy.inject(injected.doubled_later(after=2), nth=1)
    through.put("a", b"early")
    through.put("a", b"late")
    assert past.get("a") == b"late"
    through.put("b", b"another")
    assert past.get("a") == b"early"


def test_a_lie_is_a_put_that_never_was(through: Client, past: Client, proxy: FaultProxy) -> None:
    proxy.inject(injected.lying, method="PUT")
    through.put("a")
    assert past.keys() == []


def test_the_clock_of_the_answers_can_be_wrong(through: Client, past: Client, proxy: FaultProxy) -> None:
    proxy.inject(injected.clock_off_by(3600))
    past.put("a")

    def date(asked: Client) -> str:
        headers = asked.s3.head_object(Bucket=asked.bucket, Key="a")["ResponseMetadata"]["HTTPHeaders"]
        return str(headers["date"])

    hours = [int(date(asked).split()[4].split(":")[0]) for asked in (past, through)]
    assert (hours[1] - hours[0]) % 24 in (1, 2)  # the hour may end in between


def test_a_stale_listing_is_the_one_before(through: Client, proxy: FaultProxy) -> None:
    through.put("a")
    assert through.keys() == ["a"]
    through.put("b")
    proxy.inject(injected.stale, when=lambda request: request.listing, nth=range(1, 3))
    assert [through.keys() for _ in range(3)] == [["a"], ["a"], ["a", "b"]]


def test_a_server_that_knows_no_conditions_overwrites(
    through: Client, proxy: FaultProxy, s3_settings: S3Settings
) -> None:
    proxy.inject(injected.unconditional(s3_settings), method="PUT")
    through.put("a", b"first", IfNoneMatch="*")
    through.put("a", b"second", IfNoneMatch="*")
    assert through.get("a") == b"second"


def test_a_rule_names_method_key_and_number(through: Client, proxy: FaultProxy) -> None:
    rule = proxy.inject(injected.INTERNAL_ERROR, method="PUT", key="^jobs/.*json$", nth=2)
    through.put("jobs/1.json")
    through.put("other/2.json")
    through.get("jobs/1.json")
    with pytest.raises(ClientError, match="InternalError"):
        through.put("jobs/3.json")
    through.put("jobs/4.json")
    assert (rule.seen, rule.applied) == (3, 1)
    rule = proxy.inject(injected.INTERNAL_ERROR, when=lambda request: request.body == b"this one")
    proxy.heal()
    through.put("jobs/3.json", b"this one")
    assert rule.applied == 0


def test_the_hook_hears_of_each_request_before_and_after_the_server_does(
    through: Client, past: Client, proxy: FaultProxy
) -> None:
    heard: list[tuple[Record, list[str]]] = []
    proxy.on_request = lambda record: heard.append((record, past.keys()))
    proxy.inject(injected.INTERNAL_ERROR, key="b")
    through.put("a")
    with pytest.raises(ClientError):
        through.put("b")
    told = [(record.number, record.method, record.key, record.phase, record.status) for record, _ in heard]
    assert told == [
        (1, "PUT", "a", "before", None),
        (1, "PUT", "a", "after", 200),
        (2, "PUT", "b", "before", None),
        (2, "PUT", "b", "after", None),
    ]
    assert [keys for _, keys in heard] == [[], ["a"], ["a"], ["a"]]


PUTTING = """
import sys, boto3
from botocore.config import Config
s3 = boto3.client("s3", endpoint_url=sys.argv[1], config=Config(s3={"addressing_style": "path"}))
for key in ("a", "b", "c"):
    s3.put_object(Bucket=sys.argv[2], Key=key, Body=b"x")
"""


@pytest.mark.parametrize(("phase", "left"), [("before", ["a"]), ("after", ["a", "b"])])
def test_a_process_can_be_killed_at_exactly_one_point(
    proxy: FaultProxy, past: Client, s3_settings: S3Settings, phase: str, left: list[str]
) -> None:
    names = {"AWS_ACCESS_KEY_ID": s3_settings.access_key_id, "AWS_SECRET_ACCESS_KEY": s3_settings.secret_access_key}
    environment = {**os.environ, "AWS_DEFAULT_REGION": "us-east-1", **{k: v for k, v in names.items() if v}}
    started = threading.Event()
    child: list[subprocess.Popen[bytes]] = []

    def kill(record: Record) -> None:
        started.wait()
        if (record.key, record.phase) == ("b", phase):
            os.kill(child[0].pid, signal.SIGKILL)
            child[0].wait()

    proxy.on_request = kill
    child.append(subprocess.Popen([sys.executable, "-c", PUTTING, proxy.endpoint, past.bucket], env=environment))
    started.set()
    assert child[0].wait(timeout=60) == -signal.SIGKILL
    # the server may be at work still on what was forwarded just before
    while proxy.records[-1].key != "b":
        time.sleep(0.01)
    proxy.close()
    if phase == "before":
        past.delete("b")
    assert past.keys() == left


def test_when_the_proxy_ends_so_do_the_connections(s3_settings: S3Settings, bucket: str) -> None:
    assert s3_settings.endpoint_url is not None
    with fault_proxy(s3_settings.endpoint_url) as proxy:
        through = client(proxy.settings(s3_settings), bucket)
        through.put(uuid.uuid4().hex)
    with pytest.raises(Exception, match=r"Could not connect|closed"):
        through.put("a")


def bits_apart(one: bytes, other: bytes) -> int:
    return sum((a ^ b).bit_count() for a, b in zip(one, other, strict=True))
