"""Single reads of a bucket at a third of what they cost through boto3: a job that is served looks up thousands.

The request is the same, signed by botocore and sent over boto3's own connections. What this way of asking may be the
reason for, as a refusal, is the business of who asks through boto3 then.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.awsrequest import AWSPreparedRequest
    from botocore.exceptions import ClientError

    from foundations_archive.s3_connection import Connection

_PLAIN_BUCKET = re.compile(r"(?!.*--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SAID = {name: re.compile(f"<{name}>([^<]*)</{name}>".encode()) for name in ("Code", "Message")}
# the server does not like how we ask, and would not the next time
_REFUSED = frozenset({301, 307, 400, 401, 403})
_PASSING = frozenset({"RequestTimeout", "BadDigest", "IncompleteBody"})


@dataclass(frozen=True)
class Answer:
    """What is there: its headers, and for a GET its content."""

    headers: Mapping[str, str]
    content: bytes


class DirectReads:
    """Reads of one bucket over one connection; safe to share between threads."""

    def __init__(self, connected: Connection, bucket: str) -> None:
        client = connected.client
        self._session, self._region = connected.session, client.meta.region_name
        # where a bucket is and how it is addressed is boto3's to say; of what is none of the usual it is asked alone
        signed = client.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "x"})
        self._base = signed.partition("?")[0].removesuffix("x")
        # there is no public way to its connections
        self._sender: Any = getattr(getattr(client, "_endpoint", None), "http_session", None)
        usual = getattr(client.meta.config, "signature_version", None) == "s3v4"
        self._works = usual and self._sender is not None and bool(_PLAIN_BUCKET.fullmatch(bucket))

    def ask(self, method: str, name: str) -> Answer | None:
        """Return the answer to a GET or a HEAD, or None where boto3 shall ask; raise as that does."""
        if not self._works:
            return None
        from urllib3.exceptions import HTTPError

        response = self._sender.send(self._signed(method, self._base + quote(name, safe="/~")))
        try:
            content = response.raw.read()
        except HTTPError:
            return None  # cut off on its way
        finally:
            response.raw.close()
        if response.status_code == 200:
            whole = method == "HEAD" or str(len(content)) == response.headers.get("Content-Length")
            return Answer(response.headers, content) if whole else None
        error = _error(method, response.status_code, content)
        if response.status_code in _REFUSED and error.response["Error"]["Code"] not in _PASSING:
            self._works = False
            return None
        raise error

    def _signed(self, method: str, url: str) -> AWSPreparedRequest:
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest

        credentials: Any = self._session.get_credentials()  # each time: they may have been renewed
        request = AWSRequest(method, url, headers={"User-Agent": "foundations"}, stream_output=True)
        S3SigV4Auth(credentials.get_frozen_credentials(), "s3", self._region).add_auth(request)
        return request.prepare()


def _error(method: str, status: int, content: bytes) -> ClientError:
    """Return what boto3 would raise."""
    from botocore.exceptions import ClientError

    found = {name: pattern.search(content) for name, pattern in _SAID.items()}
    said = {name: match[1].decode("utf-8", "replace") for name, match in found.items() if match}
    response: Any = {"Error": {"Code": str(status), **said}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "GetObject" if method == "GET" else "HeadObject")
