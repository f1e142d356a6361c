"""A job costs few round trips one after the other, however many requests there are beside each other.

How they are counted: a proxy before an S3 server holds every request back until no other has come for a while, and then
lets all go at once that have gathered: a *round*. Whoever sends a request only when an answer is there is in a later
round, so the rounds are the round trips that follow one another, whatever the machine is busy with. What only a clock
sends (a look for a cancellation, a segment of events while the job runs) holds up nobody: rounds of nothing else are
left out, but for the first look.
"""

import http.client
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import boto3
import pytest

from foundations_archive import S3Settings
from tests.foundations.conftest import MakeProject

QUIET_SECONDS = 0.5
STAGES = 10

MODEL = """
def begin():
    return {"step": 0, "bytes": b"x" * 20_000}

def step(before):
    return {"step": before["step"] + 1, "bytes": before["bytes"]}
"""
DRIVER = f"""
import foundations
from model import begin, step

stage = foundations.create_stage(begin)().persist()
for _ in range({STAGES - 1}):
    stage = foundations.create_stage(step)(stage).persist()
print(stage.run().result()["step"])
"""


@dataclass
class Rounds:
    """Requests, gathered into rounds."""

    done: list[list[str]] = field(default_factory=list)
    _waiting: list[tuple[str, threading.Event]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _last: float = 0.0

    def wait(self, request: str) -> None:
        """Return with all others that have come."""
        go = threading.Event()
        with self._lock:
            self._waiting.append((request, go))
            self._last = time.monotonic()
        while not go.wait(QUIET_SECONDS / 5):
            with self._lock:
                if self._waiting and time.monotonic() - self._last >= QUIET_SECONDS:
                    self.done.append([name for name, _ in self._waiting])
                    for _, one in self._waiting:
                        one.set()
                    self._waiting.clear()


@pytest.fixture
def rounds() -> Rounds:
    return Rounds()


@pytest.fixture
def gate(moto_settings: S3Settings, rounds: Rounds) -> Iterator[str]:
    """The address of a proxy before the S3 server."""
    server = urlsplit(moto_settings.endpoint_url or "").netloc

    class Gate(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_all(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            rounds.wait(f"{self.command} {self.path}")
            onwards = http.client.HTTPConnection(server)
            onwards.request(self.command, self.path, body, dict(self.headers))
            answer = onwards.getresponse()
            content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                    self.send_header(name, value)
            length = answer.getheader("Content-Length", "0") if self.command == "HEAD" else str(len(content))
            self.send_header("Content-Length", length)
            self.end_headers()
            self.wfile.write(content)
            onwards.close()

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = handle_all

        def log_message(self, *_: object) -> None:
            pass

    proxy = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    proxy.daemon_threads = True
    thread = threading.Thread(target=proxy.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{proxy.server_port}"
    proxy.shutdown()
    proxy.server_close()
    thread.join()


def test_a_job_of_ten_persisted_stages_costs_at_most_twelve_round_trips_in_a_row(
    make_project: MakeProject, gate: str, moto_settings: S3Settings, rounds: Rounds
) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=moto_settings.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="unchecked",
        aws_secret_access_key="unchecked",
    )
    client.create_bucket(Bucket="round-trips")
    project = make_project("rounds")
    project.write("model.py", MODEL)
    project.write("driver.py", DRIVER)
    settings = {
        "AWS_ENDPOINT_URL": gate,
        "AWS_ACCESS_KEY_ID": "unchecked",
        "AWS_SECRET_ACCESS_KEY": "unchecked",
        "AWS_DEFAULT_REGION": "us-east-1",
        "FOUNDATIONS_ARCHIVE": "s3://round-trips/archive",
        "FOUNDATIONS_ENVIRONMENT": "local",
    }
    assert project.drive(**settings).stdout.split()[-1] == str(STAGES - 1)  # the first job finds out what the store can
    rounds.done.clear()
    project.write("driver.py", f"{DRIVER}\nprint('again')")
    assert project.drive(**settings).stdout.split()[-2:] == [str(STAGES - 1), "again"]
    counted = waited_for(rounds.done)
    shown = "\n".join(f"{number}: {'; '.join(one)}" for number, one in enumerate(counted, 1))
    assert len(counted) <= 12 + 1, shown  # the one after run() is the result's
    # each stage's result was really uploaded, and beside the others
    values = [one for one in counted if sum("PUT" in request and "/blobs/" in request for request in one) >= STAGES]
    assert values, shown


def waited_for(done: list[list[str]]) -> list[list[str]]:
    """Return the rounds of a job but for those that only a clock has sent: these hold up nobody."""
    counted: list[list[str]] = []
    looked = False
    for one in done:
        if all("HEAD" in name and "/cancel.json" in name for name in one):
            looked, skip = True, looked
        else:
            skip = all("/ev/" in name or "/cancel.json" in name for name in one)
        if not skip:
            counted.append(one)
    return counted
