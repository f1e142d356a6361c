"""What goes through the fault-injecting proxy, as data."""

from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Literal
from urllib.parse import unquote, urlsplit

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """A request as it came, with its number; `key` is without the bucket, and empty where the bucket is asked.

    `peer` is the port of the client's end.
    """

    number: int
    method: str
    target: str
    bucket: str
    key: str
    query: str
    peer: int
    headers: Headers = field(repr=False)
    body: bytes = field(repr=False)

    @classmethod
    def of(cls, number: int, handler: BaseHTTPRequestHandler, body: bytes) -> "Request":
        """Return the request whose head a handler has read."""
        url = urlsplit(handler.path)
        bucket, _, key = unquote(url.path).lstrip("/").partition("/")
        peer = handler.client_address[1]
        headers = tuple(handler.headers.items())
        return cls(number, handler.command, handler.path, bucket, key, url.query, peer, headers, body)

    @property
    def listing(self) -> bool:
        """Whether this asks for a listing."""
        return self.method == "GET" and "list-type=2" in self.query

    def header(self, name: str) -> str | None:
        """Return the value of a header."""
        return _header(self.headers, name)


@dataclass(frozen=True)
class Answer:
    """What is answered; `headers` are without the length.

    `length` is what is announced where that is not the body's: of a HEAD, and of a body that is cut off.
    """

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)
    length: int | None = None

    def header(self, name: str) -> str | None:
        """Return the value of a header."""
        return _header(self.headers, name)


@dataclass(frozen=True)
class Record:
    """What a hook is told of a request: "before" it is forwarded, and "after" the server has answered it.

    In both moments the client waits, and knows nothing yet. `key` is without the bucket, `peer` the port of the
    client's end, `status` what the server said; None where it was not asked.
    """

    number: int
    method: str
    key: str
    query: str
    peer: int
    phase: Literal["before", "after"] = "before"
    status: int | None = None

    @classmethod
    def of(cls, request: Request) -> "Record":
        """Return the record of a request that has come in."""
        return cls(request.number, request.method, request.key, request.query, request.peer)


def _header(headers: Headers, name: str) -> str | None:
    return next((value for known, value in headers if known.lower() == name.lower()), None)
