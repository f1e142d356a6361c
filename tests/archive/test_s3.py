"""What only S3 can do, or refuse; small servers stand in for what no real one does on demand."""

import pickle
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from foundations_archive import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveForbidden,
    ArchiveFull,
    ArchiveMisconfigured,
    ArchiveUnreachable,
    BucketMissing,
    NotArchived,
    RequestRejected,
    S3Settings,
    S3Store,
    Store,
)
from foundations_archive.errors import JobTaken, NewerFormat
from foundations_archive.s3_connection import resolve

KEYS = S3Settings(access_key_id="someone", secret_access_key="a-secret", region="us-east-1")


@dataclass(frozen=True)
class Request:
    verb: str
    path: str
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What a server answers; `length` is what it announces when that is not the truth, None closes without a word."""

    status: int | None = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


DATED = {"Last-Modified": "Mon, 02 Jan 2023 03:04:05 GMT"}

Answer = Callable[[Request], Reply]
Serve = Callable[[Answer], S3Store]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start a server that answers as told, and give a store on it."""
    servers = []

    def served(answer: Answer) -> S3Store:
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler(answer))
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        servers.append((server, thread))
        return S3Store("bucket", "team", replace(KEYS, endpoint_url=f"http://127.0.0.1:{server.server_port}"))

    yield served
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


def endpoint_of(store: S3Store) -> str:
    return store.location.rpartition(" at ")[2]


@pytest.mark.s3
def test_a_wrong_secret_is_forbidden_in_s3s_own_words(s3_settings: S3Settings, s3_bucket: str) -> None:
    store = S3Store(s3_bucket, "", replace(s3_settings, secret_access_key="wrong-secret"))
    for attempt in every_verb(store):
        with pytest.raises(ArchiveForbidden, match="SignatureDoesNotMatch") as raised:
            attempt()
        assert raised.value.code == "SignatureDoesNotMatch"
        assert raised.value.location == store.location
        assert "wrong-secret" not in str(raised.value)


@pytest.mark.s3
def test_an_unknown_key_id_is_forbidden_in_s3s_own_words(s3_settings: S3Settings, s3_bucket: str) -> None:
    store = S3Store(s3_bucket, "", replace(s3_settings, access_key_id="nobody"))
    for attempt in every_verb(store):
        with pytest.raises(ArchiveForbidden, match="does not know this access key id"):
            attempt()


@pytest.mark.parametrize("server", ["moto", pytest.param("s3", marks=pytest.mark.s3)])
def test_a_missing_bucket_is_not_a_missing_key(request: pytest.FixtureRequest, server: str) -> None:
    settings = request.getfixturevalue(f"{server}_settings")
    store = S3Store(f"none-{uuid.uuid4().hex[:8]}", "team", settings)
    for attempt in every_verb(store):
        with pytest.raises(BucketMissing, match="create it") as raised:
            attempt()
        assert raised.value.location == store.location
        assert isinstance(raised.value, FileNotFoundError)


def test_an_endpoint_that_does_not_answer_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound but not listening: refused, and by nobody else
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        store = S3Store("bucket", "", replace(KEYS, endpoint_url=endpoint))
        for attempt in every_verb(store):
            with pytest.raises(ArchiveUnreachable, match=endpoint) as raised:
                attempt()
            assert isinstance(raised.value, ConnectionError)


def test_a_refusal_is_never_taken_for_a_missing_key(serve: Serve) -> None:
    store = serve(lambda request: Reply(403, b"" if request.verb == "HEAD" else error("AccessDenied")))
    for attempt in every_verb(store):
        with pytest.raises(ArchiveForbidden, match="ListBucket") as raised:
            attempt()
        assert raised.value.code == "AccessDenied"


def test_a_page_that_is_not_found_on_a_web_server_is_no_missing_key(serve: Serve) -> None:
    store = serve(lambda request: Reply(404, b"<html><body>not found</body></html>"))
    for verb in (store.get, store.head):
        with pytest.raises(ArchiveUnreachable, match="is this an S3 server's endpoint"):
            verb("a")


@pytest.mark.parametrize(
    ("status", "code"), [(400, "InvalidRequest"), (405, "MethodNotAllowed"), (413, "EntityTooLarge")]
)
def test_what_the_server_would_refuse_again_is_rejected(serve: Serve, status: int, code: str) -> None:
    store = serve(lambda request: Reply(status, b"" if request.verb == "HEAD" else error(code)))
    for attempt in every_verb(store):
        with pytest.raises((RequestRejected, ArchiveUnreachable), match=str(status)) as raised:
            attempt()
        rejected = isinstance(raised.value, RequestRejected)
        assert raised.value.code == (code if rejected else str(status))
        assert rejected == isinstance(raised.value, ValueError) == ("would again" in str(raised.value))
    with pytest.raises(RequestRejected):
        store.get("a")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, "InternalError"),
        (502, ""),
        (503, "SlowDown"),
        (429, "TooManyRequests"),
        (400, "RequestTimeout"),
        (400, "BadDigest"),
        (400, "IncompleteBody"),
    ],
)
def test_what_may_pass_is_unreachable_and_is_not_asked_again_by_boto3(serve: Serve, status: int, code: str) -> None:
    seen = []

    def answer(request: Request) -> Reply:
        seen.append(request.verb)
        return Reply(status, error(code) if code else b"<html>bad gateway</html>")

    with pytest.raises(ArchiveUnreachable, match=str(status)):
        serve(answer).get("a")
    assert seen == ["GET"]


def test_who_is_refused_when_asking_directly_asks_through_boto3_from_then_on(serve: Serve) -> None:
    agents = []

    def answer(request: Request) -> Reply:
        agents.append(request.headers["User-Agent"] == "foundations")
        return Reply(403, error("SignatureDoesNotMatch")) if agents[-1] else Reply(200, b"content", DATED)

    store = serve(answer)
    assert [store.get("a"), store.get("a")] == [b"content", b"content"]
    assert agents == [True, False, False]


def test_a_session_is_said_when_asking_directly(serve: Serve) -> None:
    seen = []

    def answer(request: Request) -> Reply:
        seen.append((request.headers["x-amz-security-token"], request.headers["Authorization"]))
        return Reply(200, b"content", DATED)

    store = serve(answer)
    store = S3Store("bucket", "team", replace(KEYS, endpoint_url=endpoint_of(store), session_token="the-session"))
    assert store.get("a") == b"content"
    assert store.head("a") is not None
    for token, authorization in seen:
        assert token == "the-session"
        assert "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token," in authorization


@pytest.mark.parametrize("bucket", ["Bucket_1", "zonal--use1-az4--x-s3"])
def test_a_bucket_with_rules_of_its_own_is_asked_through_boto3(serve: Serve, bucket: str) -> None:
    agents = []

    def answer(request: Request) -> Reply:
        agents.append(request.headers["User-Agent"])
        return Reply(200, b"content", DATED)

    store = S3Store(bucket, "", replace(KEYS, endpoint_url=endpoint_of(serve(answer))))
    with suppress(ArchiveError):  # what boto3 makes of such a server is none of ours
        store.get("a")
    assert "foundations" not in agents


def test_a_direct_answer_that_is_cut_off_is_asked_for_again(serve: Serve) -> None:
    replies = [Reply(200, b"half of ", length=16), Reply(200, b"all of it")]
    assert serve(lambda _: replies.pop(0)).get("a") == b"all of it"


def test_a_full_bucket_is_full(serve: Serve) -> None:
    for reply in (Reply(507, error("InsufficientStorage")), Reply(403, error("QuotaExceeded"))):
        with pytest.raises(ArchiveFull, match="make room"):
            serve(lambda _, reply=reply: reply).put("a", b"x")


def test_a_truncated_body_is_no_value(serve: Serve) -> None:
    store = serve(lambda _: Reply(200, b"half of ", length=16))
    with pytest.raises(ArchiveUnreachable) as raised:
        store.get("a")
    assert raised.value.key == "a"


def test_create_whose_reply_was_lost_counts_as_ours(serve: Serve) -> None:
    stored: list[bytes] = []

    def answer(request: Request) -> Reply:
        if request.verb == "GET":
            return Reply(200, stored[0])
        if stored:
            return Reply(412, error("PreconditionFailed"))
        stored.append(request.body)
        return Reply(None)

    store = serve(answer)
    with pytest.raises(ArchiveUnreachable):
        store.create("a", b"mine")
    assert store.create("a", b"mine")
    assert not store.create("a", b"another's")


def test_create_tries_again_when_what_was_in_its_way_is_gone(serve: Serve) -> None:
    writes = [Reply(409, error("ConditionalRequestConflict")), Reply(200)]
    store = serve(lambda request: writes.pop(0) if request.verb == "PUT" else Reply(404, error("NoSuchKey")))
    assert store.create("a", b"mine")
    assert writes == []


def test_create_gives_up_when_it_is_refused_again_and_again(serve: Serve) -> None:
    def answer(request: Request) -> Reply:
        return Reply(412, error("PreconditionFailed")) if request.verb == "PUT" else Reply(404, error("NoSuchKey"))

    with pytest.raises(ArchiveUnreachable, match="another writer"):
        serve(answer).create("a", b"mine")


@pytest.mark.parametrize(("status", "code"), [(501, "NotImplemented"), (400, "InvalidArgument")])
def test_create_looks_first_where_writes_can_have_no_condition(serve: Serve, status: int, code: str) -> None:
    stored: dict[str, bytes] = {}
    refused = []

    def answer(request: Request) -> Reply:
        if request.headers["If-None-Match"]:
            refused.append(request.path)
            return Reply(status, error(code))
        if request.verb == "PUT":
            stored[request.path] = request.body
            return Reply(200)
        if request.path not in stored:
            return Reply(404, error("NoSuchKey"))
        return Reply(200, stored[request.path], {"Last-Modified": "Sat, 01 Jan 2000 00:00:00 GMT"})

    store = serve(answer)
    assert store.create("a", b"first")
    assert not store.create("a", b"second")
    assert store.create("b", b"third")
    assert (store.get("a"), store.get("b")) == (b"first", b"third")
    assert refused == ["/bucket/team/a"]


def test_a_write_carries_a_checksum_of_what_was_to_be_written(serve: Serve) -> None:
    seen: list[str | None] = []

    def answer(request: Request) -> Reply:
        seen.append(request.headers["content-md5"])
        return Reply(200)

    store = serve(answer)
    store.put("a", b"123456789")
    assert store.create("b", memoryview(b"123456789"))
    assert seen == ["JfnnlDI7RTiF9RgfG2JNCw=="] * 2


@pytest.mark.parametrize(
    ("status", "code", "refuses"),
    [
        (412, "PreconditionFailed", True),
        (409, "ConditionalRequestConflict", True),
        (200, "", False),
        (501, "NotImplemented", False),
    ],
)
def test_a_probe_finds_out_whether_a_put_can_be_refused_and_cleans_up(
    serve: Serve, status: int, code: str, refuses: bool
) -> None:
    seen = []

    def answer(request: Request) -> Reply:
        seen.append((request.verb, request.headers["If-None-Match"], request.path))
        return Reply(status, error(code) if code else b"") if request.headers["If-None-Match"] else Reply(200)

    store = serve(answer)
    assert store.probe() is refuses
    assert [(verb, condition) for verb, condition, _ in seen] == [("PUT", None), ("PUT", "*"), ("DELETE", None)]
    assert {path.rpartition("-")[0] for _, _, path in seen} == {"/bucket/team/.tmp/probe"}


def test_a_probe_that_gets_no_answer_says_nothing(serve: Serve) -> None:
    store = serve(lambda request: Reply(503, error("SlowDown")) if request.headers["If-None-Match"] else Reply(200))
    with pytest.raises(ArchiveUnreachable):
        store.probe()


def test_age_is_told_by_the_clock_of_the_server(serve: Serve) -> None:
    then = {"Date": "Sat, 01 Jan 2000 00:01:30 GMT"}

    def answer(request: Request) -> Reply:
        if "list-type" in request.path:
            return Reply(200, LISTING, then)
        return Reply(200, b"12345", then | {"Last-Modified": "Sat, 01 Jan 2000 00:00:00 GMT"})

    store = serve(answer)
    assert [(found.key, found.size, found.age) for found in store.list("")] == [("a", 5, 90.0)]
    found = store.head("a")
    assert found is not None
    assert found.age == 90.0


def test_everything_is_young_on_a_server_that_tells_no_time(serve: Serve) -> None:
    store = serve(lambda _: Reply(200, LISTING))
    assert [found.age for found in store.list("")] == [0.0]


def test_check_lists_and_writes_at_once_what_no_listing_shows(serve: Serve) -> None:
    seen = []

    def answer(request: Request) -> Reply:
        seen.append((request.verb, request.path.partition("?")[0]))
        return Reply(200, LISTING) if request.verb == "GET" else Reply(200 if request.verb == "PUT" else 204)

    serve(answer).check()
    assert sorted(seen) == [("GET", "/bucket"), ("PUT", "/bucket/team/.tmp/check")]


def test_a_look_only_lists(serve: Serve) -> None:
    seen = []

    def answer(request: Request) -> Reply:
        seen.append((request.verb, request.path.partition("?")[0]))
        return Reply(200, LISTING)

    serve(answer).look()
    assert seen == [("GET", "/bucket")]


def test_what_a_broken_off_check_left_is_not_listed(serve: Serve) -> None:
    left = LISTING.replace(b"team/a", b"team/.tmp/check")
    assert list(serve(lambda _: Reply(200, left)).list("")) == []


def test_check_refuses_a_caller_who_may_only_read(serve: Serve) -> None:
    def answer(request: Request) -> Reply:
        return Reply(200, LISTING) if request.verb == "GET" else Reply(403, error("AccessDenied"))

    with pytest.raises(ArchiveForbidden, match=r"PutObject .*AccessDenied"):
        serve(answer).check()


def test_an_endpoint_from_the_environment_is_used_and_shown(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = []

    def answer(request: Request) -> Reply:
        paths.append(request.path)
        return Reply(200)

    # With a name instead of a number boto3 would ask bucket.localhost, which private servers seldom answer to.
    endpoint = serve(answer).location.rpartition(" at ")[2].replace("127.0.0.1", "localhost")
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.setenv(name, endpoint)
        store = S3Store("bucket", "/team/a/", KEYS)
        store.put("b", b"x")
        assert store.location == f"s3://bucket/team/a at {endpoint}"
        monkeypatch.delenv(name)
    assert paths == ["/bucket/team/a/b"] * 2


def test_amazons_own_endpoint_is_not_shown() -> None:
    assert S3Store("bucket", "", KEYS).location == "s3://bucket"


def test_resolve_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert resolve(S3Settings()) == S3Settings(None, "us-east-1", "id", "secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert resolve(S3Settings()) == S3Settings("http://127.0.0.1:9", "eu-central-1", "id", "secret", "token")


def test_resolve_follows_a_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = tmp_path / "config"
    files.write_text(
        "[profile lab]\nregion = eu-north-1\nendpoint_url = http://127.0.0.1:9\n"
        "aws_access_key_id = id\naws_secret_access_key = secret\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(files))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
    lab = S3Settings("http://127.0.0.1:9", "eu-north-1", "id", "secret")
    assert resolve(S3Settings(profile="lab")) == lab
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_PROFILE", "lab")
    assert resolve(S3Settings()) == lab


def test_resolve_leaves_what_was_given() -> None:
    given = S3Settings("http://127.0.0.1:9", "eu-west-1", "id", "secret", "token")
    assert resolve(given) == given
    assert resolve(resolve(given)) == given


def test_no_credentials_anywhere_says_where_they_could_be() -> None:
    for attempt in (lambda: resolve(S3Settings()), lambda: S3Store("bucket", "", S3Settings())):
        with pytest.raises(ArchiveForbidden, match=r"access_key_id.*AWS_ACCESS_KEY_ID.*profile 'default'"):
            attempt()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (S3Settings(profile="nowhere"), "nowhere"),
        (S3Settings(access_key_id="id"), "go together"),
        (S3Settings(secret_access_key="secret"), "go together"),
        (replace(KEYS, endpoint_url="localhost:9000"), "localhost:9000"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: S3Settings, said: str) -> None:
    with pytest.raises(ArchiveMisconfigured, match=said):
        S3Store("bucket", "", settings)


def test_a_bad_endpoint_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "localhost:9000")
    with pytest.raises(ArchiveMisconfigured, match="localhost:9000"):
        resolve(KEYS)


def test_settings_show_no_secret() -> None:
    shown = repr(S3Settings("http://127.0.0.1:9", "us-east-1", "id", "the-secret", "the-token"))
    assert "the-secret" not in shown
    assert "the-token" not in shown
    assert "id" in shown


def test_errors_survive_pickling() -> None:
    kinds = (
        ArchiveError,
        ArchiveUnreachable,
        ArchiveForbidden,
        BucketMissing,
        ArchiveDamaged,
        ArchiveFull,
        NotArchived,
        RequestRejected,
    )
    errors = [kind("what happened", key="a/b", location="s3://b", code="No") for kind in (*kinds, NewerFormat)]
    for made in (*errors, JobTaken("one", "s3://b")):
        again = pickle.loads(pickle.dumps(made))
        assert (type(again), str(again), vars(again)) == (type(made), str(made), vars(made))


def test_errors_are_the_builtins_that_they_resemble() -> None:
    assert str(NotArchived("a is not there", key="a")) == "a is not there"
    for kind, builtin in {
        NotArchived: KeyError,
        ArchiveUnreachable: ConnectionError,
        ArchiveForbidden: PermissionError,
        BucketMissing: FileNotFoundError,
        ArchiveDamaged: ValueError,
        ArchiveFull: OSError,
        ArchiveMisconfigured: ValueError,
        RequestRejected: ValueError,
    }.items():
        assert issubclass(kind, builtin)
        assert str(kind("two words")) == "two words"


LISTING = b"""<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult><Name>bucket</Name><IsTruncated>false</IsTruncated><Contents><Key>team/a</Key>
<LastModified>2000-01-01T00:00:00.000Z</LastModified><Size>5</Size></Contents></ListBucketResult>"""


def error(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>said</Message></Error>".encode()


def every_verb(store: Store) -> list[Callable[[], object]]:
    return [
        store.check,
        store.look,
        lambda: store.get("a"),
        lambda: store.head("a"),
        lambda: store.put("a", b"x"),
        lambda: store.create("a", b"x"),
        lambda: store.delete("a"),
        lambda: list(store.list("")),
    ]


def handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def reply(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            reply = answer(Request(self.command, self.path, self.headers, body))
            self.close_connection = True
            if reply.status is None:
                return
            self.send_response_only(reply.status)
            length = len(reply.body) if reply.length is None else reply.length
            for name, value in {"Content-Length": str(length), "Connection": "close", **reply.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)

        do_GET = do_HEAD = do_PUT = do_DELETE = reply

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.mark.s3
@pytest.mark.parametrize("verb", ["put", "create"])
def test_bytes_that_change_on_their_way_are_refused_and_not_stored(
    s3_settings: S3Settings, s3_bucket: str, verb: str
) -> None:
    store = S3Store(s3_bucket, uuid.uuid4().hex, s3_settings)

    def flip(request: Any, **_: Any) -> None:
        request.body[0] ^= 1

    event = "before-send.s3.PutObject"
    store._client.meta.events.register(event, flip)
    try:
        with pytest.raises(ArchiveError, match="BadDigest"):
            getattr(store, verb)("key", b"as it was meant")
    finally:
        store._client.meta.events.unregister(event, flip)
    assert store.head("key") is None
    getattr(store, verb)("key", b"as it was meant")
    assert store.get("key") == b"as it was meant"
