"""Requests signed by the server's clock where ours is wrong: a machine that sleeps or has no time server can be so."""

from __future__ import annotations

import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from boto3 import Session
    from botocore.awsrequest import AWSPreparedRequest
    from mypy_boto3_s3 import S3Client

# servers allow a quarter of an hour, their own clocks apart
_OFF_FROM = 300.0


def follow_servers_clock(client: S3Client, session: Session) -> None:
    """Have `client` repeat once, by the server's clock, what that refuses while its clock and ours are far apart."""
    clock = _Clock(session)
    client.meta.events.register("needs-retry.s3", clock.set)  # type: ignore[arg-type]
    client.meta.events.register("before-send.s3", clock.sign)


class _Clock:
    def __init__(self, session: Session) -> None:
        self._session = session
        self._ahead = 0.0  # by how much the server's clock is ahead of ours

    def set(self, *, response: tuple[Any, dict[str, Any]] | None, attempts: int, **_: Any) -> int | None:
        """Look at an answer, and return the seconds to wait before the request is repeated, or None."""
        if response is None or attempts > 1 or response[0].status_code != 403:
            return None
        ahead = _told(response[0].headers.get("date")) - time.time()
        if abs(ahead - self._ahead) < _OFF_FROM:
            return None
        self._ahead = ahead
        return 0

    def sign(self, *, request: AWSPreparedRequest, **_: Any) -> None:
        """Sign anew what botocore has signed by our clock, unless that is right."""
        given = _text(request.headers.get("Authorization", ""))
        credentials = self._session.get_credentials()
        if self._ahead and given.startswith("AWS4-HMAC-SHA256 ") and credentials is not None:
            when = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + self._ahead))
            resign(request, given, credentials.get_frozen_credentials().secret_key or "", when)


def resign(request: AWSPreparedRequest, given: str, secret: str, when: str) -> None:
    """Replace a request's signature (version 4) by that of the time `when`; what it covers stays."""
    parts = dict(part.split("=", 1) for part in given.partition(" ")[2].split(", "))
    access_key, _, region, service, end = parts["Credential"].split("/")
    names = parts["SignedHeaders"]
    request.headers["X-Amz-Date"] = when
    url = urlsplit(request.url)
    covered = "".join(f"{name}:{_header(request, name, url.netloc)}\n" for name in names.split(";"))
    payload = _header(request, "x-amz-content-sha256", "")
    canonical = "\n".join((request.method, url.path, _query(url.query), covered, names, payload))
    scope = f"{when[:8]}/{region}/{service}/{end}"
    text = "\n".join(("AWS4-HMAC-SHA256", when, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{secret}".encode()
    for part in (when[:8], region, service, end):
        key = _hmac(key, part)
    request.headers["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={_hmac(key, text).hex()}"
    )


def _header(request: AWSPreparedRequest, name: str, host: str) -> str:
    return " ".join(_text(request.headers.get(name, host if name == "host" else "")).split())


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _query(query: str) -> str:
    return "&".join(sorted(part if "=" in part else f"{part}=" for part in query.split("&") if part))


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _told(date: str | None) -> float:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date or "").timestamp()
    except ValueError:
        return time.time()
