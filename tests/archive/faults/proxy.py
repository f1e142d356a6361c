"""A proxy before a real S3 server that counts requests, tells of each of them, and injects faults by rules."""

import re
import socket
import struct
import threading
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from foundations_archive import S3Settings
from tests.archive.faults.traffic import Answer, Record, Request

_SERVER_SECONDS = 120.0
_HOP_BY_HOP = frozenset({"connection", "expect", "keep-alive", "transfer-encoding"})


class Exchange:
    """One request and what becomes of it: what a fault decides about."""

    def __init__(self, proxy: "FaultProxy", request: Request, handler: BaseHTTPRequestHandler) -> None:
        self.proxy = proxy
        self.request = request
        self._handler = handler
        self._status: int | None = None

    def forward(self, request: Request | None = None) -> Answer:
        """Have the server do what this request says, or another, and return its answer without sending it on."""
        answer = self.proxy.deliver(request or self.request)
        self._status = answer.status
        return answer

    def reply(self, answer: Answer, *, cut: int | None = None) -> None:
        """Send an answer; with `cut` only so many bytes of the body, and then the connection is reset."""
        self._tell()
        handler, length = self._handler, len(answer.body) if answer.length is None else answer.length
        handler.send_response_only(answer.status)
        for name, value in (*answer.headers, ("Content-Length", str(length))):
            handler.send_header(name, value)
        handler.end_headers()
        if self.request.method != "HEAD":
            handler.wfile.write(answer.body[:cut])
            if length > len(answer.body):
                handler.close_connection = True  # the rest never comes
        if cut is not None:
            self._reset()

    def reset(self) -> None:
        """End the connection without a word, as a crash does."""
        self._tell()
        self._reset()

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than the proxy lives."""
        self.proxy.ending.wait(seconds)

    def _reset(self) -> None:
        # closed with no time to linger the kernel sends a reset and no goodbye
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._handler.close_connection = True

    def _tell(self) -> None:
        if self.proxy.on_request is not None:
            self.proxy.on_request(replace(Record.of(self.request), phase="after", status=self._status))


Fault = Callable[[Exchange], None]


@dataclass
class Rule:
    """Which requests a fault befalls: of those that match method, key (a pattern found in it) and `when`, the `nth`.

    `nth` is a number from 1 or a container of such, like a range; without it all are meant. `seen` and `applied` count.
    """

    fault: Fault
    method: str | None = None
    key: str = ""
    nth: int | Container[int] | None = None
    when: Callable[[Request], bool] | None = None
    seen: int = 0
    applied: int = 0

    def befalls(self, request: Request) -> bool:
        """Tell whether the fault befalls a request, and count it."""
        if self.method not in (None, request.method) or not re.search(self.key, request.key):
            return False
        if self.when is not None and not self.when(request):
            return False
        self.seen += 1
        meant = self.nth is None or (self.seen == self.nth if isinstance(self.nth, int) else self.seen in self.nth)
        self.applied += meant
        return meant


class FaultProxy:
    """Forwards to the server at `endpoint` what no rule catches; where several match, the first counts.

    Requests go on byte for byte, `Host` too, which their signatures cover. `on_request` is called twice for each, in
    the thread of its connection: see `Record`.
    """

    def __init__(self, endpoint: str, *, host: str = "127.0.0.1") -> None:
        upstream = urlsplit(endpoint)
        self.on_request: Callable[[Record], None] | None = None
        self.records: list[Record] = []  # one for every request, in the order in which they came
        self.listings: dict[str, Answer] = {}  # what the server last answered to each request for a listing
        self.ending = threading.Event()
        self._rules: list[Rule] = []
        self._upstream = (upstream.hostname or "", upstream.port or 80)
        self._later: list[tuple[int, Request]] = []
        self._lock = threading.Lock()
        self._server = _Server((host, 0), _handler(self))
        self.endpoint = f"http://127.0.0.1:{self._server.server_port}"

    def settings(self, settings: S3Settings) -> S3Settings:
        """Return the settings for the server behind with the proxy in its place."""
        return replace(settings, endpoint_url=self.endpoint)

    def inject(
        self,
        fault: Fault,
        *,
        method: str | None = None,
        key: str = "",
        nth: int | Container[int] | None = None,
        when: Callable[[Request], bool] | None = None,
    ) -> Rule:
        """Add a rule and return it, so that one can ask how often it was `applied`."""
        rule = Rule(fault, method, key, nth, when)
        with self._lock:
            self._rules.append(rule)
        return rule

    def heal(self) -> None:
        """Drop all rules."""
        with self._lock:
            self._rules.clear()

    def count(self, method: str | None = None, key: str = "") -> int:
        """Return how many requests there were, of a method, for keys in which a pattern is found."""
        with self._lock:
            return sum(method in (None, seen.method) and bool(re.search(key, seen.key)) for seen in self.records)

    def deliver(self, request: Request) -> Answer:
        """Have the server do what a request says, and return its answer."""
        connection = HTTPConnection(*self._upstream, timeout=_SERVER_SECONDS)
        try:
            connection.putrequest(request.method, request.target, skip_host=True, skip_accept_encoding=True)
            for name, value in request.headers:
                if name.lower() not in _HOP_BY_HOP:
                    connection.putheader(name, value)
            connection.putheader("Connection", "close")
            connection.endheaders(request.body or None)
            response = connection.getresponse()
            body, given = response.read(), response.getheaders()
        finally:
            connection.close()
        left_out = _HOP_BY_HOP | {"content-length"}
        headers = tuple((name, value) for name, value in given if name.lower() not in left_out)
        length = response.getheader("Content-Length") if request.method == "HEAD" else None
        answer = Answer(response.status, headers, body, int(length) if length else None)
        if request.listing:
            self.listings[request.target] = answer
        return answer

    def deliver_again(self, request: Request, *, after: int) -> None:
        """Deliver a request once more when the server has answered the one that comes `after` requests later."""
        with self._lock:
            self._later.append((request.number + after, request))

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        """Take a request, tell the hook, and do what the rules say, or forward it."""
        body = handler.rfile.read(int(handler.headers["Content-Length"] or 0))
        with self._lock:
            request = Request.of(len(self.records) + 1, handler, body)
            self.records.append(Record.of(request))
            rule = next((rule for rule in self._rules if rule.befalls(request)), None)
        if self.on_request is not None:
            self.on_request(Record.of(request))
        (rule.fault if rule else forwarded)(Exchange(self, request, handler))

    def deliver_due(self, number: int) -> None:
        """Deliver what is to come again when the request of this number has been answered."""
        with self._lock:
            due = [request for when, request in self._later if when <= number]
            self._later = [(when, request) for when, request in self._later if when > number]
        for request in due:
            self.deliver(request)

    def serve(self) -> None:
        """Take connections until `close` is called."""
        self._server.serve_forever(poll_interval=0.02)

    def close(self) -> None:
        """End it: requests that wait are let go, connections closed."""
        self.ending.set()
        self._server.shutdown()
        self._server.server_close()


def forwarded(exchange: Exchange) -> None:
    """Do what a proxy does."""
    answer = exchange.forward()
    exchange.proxy.deliver_due(exchange.request.number)
    exchange.reply(answer)


@contextmanager
def fault_proxy(endpoint: str, *, host: str = "127.0.0.1") -> Iterator[FaultProxy]:
    """Run a proxy before the server at `endpoint` as long as the block lasts."""
    proxy = FaultProxy(endpoint, host=host)
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:  # type: ignore[override]
        # no half-close before: one that is to be reset would say goodbye
        self._open.discard(request)
        self.close_request(request)

    def server_close(self) -> None:
        super().server_close()
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that has gone away: tests kill them."""


def _handler(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an answer leaves at once, not header by header
        disable_nagle_algorithm = True

        def handle_expect_100(self) -> bool:
            going_on = super().handle_expect_100()
            self.wfile.flush()
            return going_on

        def pass_on(self) -> None:
            proxy.handle(self)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on

        def log_message(self, *_: object) -> None:
            pass

    return Handler
