"""What can befall a request on its way to an S3 server and back: faults for the rules of a `FaultProxy`."""

import time
from dataclasses import replace
from email.utils import formatdate, mktime_tz, parsedate_tz

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from foundations_archive import S3Settings
from tests.archive.faults.proxy import Exchange, Fault, forwarded
from tests.archive.faults.traffic import Answer

_FOR_EVER = 3600.0


def answered(status: int, code: str, message: str = "injected") -> Fault:
    """Have the proxy answer by itself, in S3's form; the server never hears of the request."""
    text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()

    def fault(exchange: Exchange) -> None:
        body = b"" if exchange.request.method == "HEAD" else text
        exchange.reply(Answer(status, (("Content-Type", "application/xml"), ("Date", formatdate(usegmt=True))), body))

    return fault


INTERNAL_ERROR = answered(500, "InternalError")
UNAVAILABLE = answered(503, "ServiceUnavailable")
SLOW_DOWN = answered(503, "SlowDown")
TOO_MANY_REQUESTS = answered(429, "TooManyRequests")
REQUEST_TIMEOUT = answered(400, "RequestTimeout")
FORBIDDEN = answered(403, "AccessDenied")
BAD_REQUEST = answered(400, "InvalidRequest")
NOT_FOUND = answered(404, "NotFound")


def reset_before(exchange: Exchange) -> None:
    """Reset the connection; the server never hears of the request."""
    exchange.reset()


def reset_after(exchange: Exchange) -> None:
    """Lose the answer: the server has done what was asked, and the connection is reset."""
    exchange.forward()
    exchange.reset()


def reset_midway(exchange: Exchange) -> None:
    """Reset the connection in the middle of the answer's body."""
    answer = exchange.forward()
    exchange.reply(answer, cut=len(answer.body) // 2)


def truncated(exchange: Exchange) -> None:
    """Announce the whole body, send half of it, and close the connection in an orderly way."""
    answer = exchange.forward()
    exchange.reply(replace(answer, body=answer.body[: len(answer.body) // 2], length=len(answer.body)))


def flipped(exchange: Exchange) -> None:
    """Flip one bit in the middle of the answer's body, which keeps its length."""
    answer = exchange.forward()
    body = bytearray(answer.body)
    if body:
        body[len(body) // 2] ^= 1
    exchange.reply(replace(answer, body=bytes(body)))


def flipped_on_the_way(exchange: Exchange) -> None:
    """Flip one bit in the body that the server gets."""
    body = bytearray(exchange.request.body)
    if body:
        body[len(body) // 2] ^= 1
    exchange.reply(exchange.forward(replace(exchange.request, body=bytes(body))))


def delayed(seconds: float) -> Fault:
    """Wait before the request is forwarded."""

    def fault(exchange: Exchange) -> None:
        exchange.wait(seconds)
        forwarded(exchange)

    return fault


def stalled(exchange: Exchange) -> None:
    """Never answer, and never close the connection as long as the proxy lives; the server hears nothing."""
    exchange.wait(_FOR_EVER)
    exchange.reset()


def stalled_after(exchange: Exchange) -> None:
    """Do the same after the server has done what was asked."""
    exchange.forward()
    exchange.wait(_FOR_EVER)
    exchange.reset()


def doubled(exchange: Exchange) -> None:
    """Deliver the request twice, and send on the second answer."""
    exchange.forward()
    forwarded(exchange)


def doubled_later(after: int) -> Fault:
    """Deliver the request now, and once more when the request that comes `after` later has been answered."""

    def fault(exchange: Exchange) -> None:
        exchange.proxy.deliver_again(exchange.request, after=after)
        forwarded(exchange)

    return fault


def lying(exchange: Exchange) -> None:
    """Answer 200 to a write that the server never hears of."""
    exchange.reply(Answer(200, (("ETag", '"00000000000000000000000000000000"'), ("Date", formatdate(usegmt=True)))))


def clock_off_by(seconds: float) -> Fault:
    """Set the clock of the server as its answers tell it; what they say of objects stays."""

    def fault(exchange: Exchange) -> None:
        answer = exchange.forward()
        told = parsedate_tz(answer.header("Date") or "")
        now = (mktime_tz(told) if told else time.time()) + seconds
        others = tuple((name, value) for name, value in answer.headers if name.lower() != "date")
        exchange.reply(replace(answer, headers=(*others, ("Date", formatdate(now, usegmt=True)))))

    return fault


def stale(exchange: Exchange) -> None:
    """Answer a request for a listing as it was answered the time before, where it was."""
    earlier = exchange.proxy.listings.get(exchange.request.target)
    if earlier is None:
        forwarded(exchange)
    else:
        exchange.reply(earlier)


def unconditional(settings: S3Settings) -> Fault:
    """Leave the condition of a put out, as servers do that don't know it: they overwrite, and say 200.

    The signature covers the condition, so the request is signed anew, as who `settings` says.
    """
    who = Credentials(settings.access_key_id or "", settings.secret_access_key or "")
    signer = S3SigV4Auth(who, "s3", settings.region or "us-east-1")

    def fault(exchange: Exchange) -> None:
        given = exchange.request
        left_out = {"if-none-match", "authorization", "x-amz-date", "x-amz-content-sha256"}
        headers = {name: value for name, value in given.headers if name.lower() not in left_out}
        url = f"http://{given.header('Host')}{given.target}"
        signed = AWSRequest(method=given.method, url=url, headers=headers, data=given.body)
        signer.add_auth(signed)
        exchange.reply(exchange.forward(replace(given, headers=tuple(signed.headers.items()))))

    return fault
