"""The store that is a bucket on S3, or on a server that speaks like it."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from contextlib import closing, contextmanager, suppress
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from foundations_archive.errors import (
    ArchiveForbidden,
    ArchiveUnreachable,
    NotArchived,
    RequestRejected,
    s3_errors_explained,
)
from foundations_archive.parallel import aside
from foundations_archive.s3_connection import S3Settings, connection
from foundations_archive.s3_direct import DirectReads
from foundations_archive.store import PIECE, TEMPORARY, Entry, require_safe_key, require_safe_prefix

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from datetime import datetime

    from mypy_boto3_s3 import S3Client

    from foundations_archive.s3_connection import Connection

_CHECK = f"{TEMPORARY}/check"
_CREATE_ATTEMPTS = 4
_LOST_CREATE = {"PreconditionFailed", "ConditionalRequestConflict", "OperationAborted", "412", "409"}
_NO_CONDITIONS = {"NotImplemented", "InvalidArgument", "501"}


class S3Store:
    """The store below `prefix` in `bucket`; safe to share between threads."""

    def __init__(self, bucket: str, prefix: str, settings: S3Settings) -> None:
        self._settings = settings
        self._connected = connection(settings)
        endpoint = self._connected.endpoint
        self._reads: tuple[Connection, DirectReads] | None = None
        self._bucket = bucket
        self._base = f"{prefix.strip('/')}/".lstrip("/")
        self._bucket_seen = False
        self._conditional = True
        self.location = f"s3://{bucket}/{self._base}".rstrip("/") + (f" at {endpoint}" if endpoint else "")

    @property
    def _client(self) -> S3Client:
        # a process that was forked from the one which connected must not write to the same sockets
        if self._connected.process != os.getpid():
            self._connected = connection(self._settings)
        return self._connected.client

    @property
    def _direct(self) -> DirectReads:
        _ = self._client
        if self._reads is None or self._reads[0] is not self._connected:
            self._reads = self._connected, DirectReads(self._connected, self._bucket)
        return self._reads[1]

    def get(self, key: str) -> bytes:
        """Return the whole value; raise `NotArchived` only when it is really not there."""
        name = self._name(key)
        with s3_errors_explained(self.location, key):
            answer = self._direct.ask("GET", name)
            if answer is None:
                response = self._client.get_object(Bucket=self._bucket, Key=name)
                self._bucket_seen = True
                with closing(response["Body"]) as body:
                    return body.read()  # which raises when there is less than was announced
        self._bucket_seen = True
        return answer.content

    def pieces(self, key: str) -> Generator[bytes]:
        """Yield the value in pieces, as they come; raise as `get` does."""
        name = self._name(key)
        with s3_errors_explained(self.location, key):
            response = self._client.get_object(Bucket=self._bucket, Key=name)
            with closing(response["Body"]) as body:
                while piece := body.read(PIECE):
                    yield piece

    def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        """Write the value; a reader sees the old bytes or the new ones."""
        self._name(key)
        self._put(key, _sent(data))

    def create(self, key: str, data: bytes | bytearray | memoryview) -> bool:
        """Write the value unless there is one, and say whether this call wrote it.

        A refused write is read back: the reply to our own may have been lost, and a caller or a proxy have
        repeated it; equal bytes are therefore ours. A server without conditional writes is looked at first.
        """
        self._name(key)
        body = _sent(data)
        for _ in range(_CREATE_ATTEMPTS):
            if not self._conditional:
                return self._create_unguarded(key, body)
            try:
                self._put(key, body, IfNoneMatch="*")
                return True
            except (ArchiveUnreachable, RequestRejected) as error:
                if error.code in _NO_CONDITIONS:
                    return self._create_unguarded(key, body)
                if error.code not in _LOST_CREATE:
                    raise
            try:
                return bool(self.get(key) == body)
            except NotArchived:
                continue  # the write that stood in the way failed, or was deleted since
        message = f"{self.location} refuses to create {key} and has nothing there; is another writer deleting it?"
        raise ArchiveUnreachable(message, key=key, location=self.location)

    def list(self, prefix: str) -> Iterator[Entry]:
        """Give every entry whose key starts with `prefix`, in key order."""
        require_safe_prefix(prefix)
        # Not every server lists in the order of keys: SeaweedFS gives "a/b" before "a-b".
        shown = (entry for entry in self._entries(prefix) if not entry.key.startswith(f"{TEMPORARY}/"))
        return iter(sorted(shown, key=attrgetter("key")))

    def head(self, key: str) -> Entry | None:
        """Return the entry under `key`, or None when there is none."""
        name = self._name(key)
        # The reply to a HEAD has no body: whether the bucket is there and why S3 refuses must be asked again.
        try:
            with s3_errors_explained(self.location, key):
                answer = self._direct.ask("HEAD", name)
                if answer is not None:
                    modified = _time(answer.headers["Last-Modified"])
                    return Entry(key, int(answer.headers["Content-Length"]), _age(modified, _now(answer.headers)))
                found = self._client.head_object(Bucket=self._bucket, Key=name)
        except NotArchived:
            if not self._bucket_seen:
                self.look()
            return None
        except ArchiveForbidden:
            self.look()
            raise
        headers = found["ResponseMetadata"]["HTTPHeaders"]
        return Entry(key, found["ContentLength"], _age(found["LastModified"], _now(headers)))

    def delete(self, key: str) -> None:
        """Remove the value; no error when it is not there."""
        self._name(key)
        self._delete(key)

    def check(self) -> None:
        """Raise unless the bucket is there and this caller can list and write in it."""
        # at once, and what was written stays, for every job waits for this; no listing shows it
        written = aside(lambda: self._put(_CHECK, _sent(b"written by a check")))
        self.look()
        written.result()

    def look(self) -> None:
        """Raise unless the bucket is there and this caller can list it."""
        with s3_errors_explained(self.location):
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._base, MaxKeys=1)
        self._bucket_seen = True

    def probe(self) -> bool:
        """Tell whether the server refuses a put that it must refuse; some answer 200 and overwrite."""
        key = f"{TEMPORARY}/probe-{secrets.token_hex(8)}"
        with self._temporary(key):
            try:
                self._put(key, b"must not overwrite", IfNoneMatch="*")
                self._conditional = False
            except (ArchiveUnreachable, RequestRejected) as error:
                if error.code not in _LOST_CREATE | _NO_CONDITIONS:
                    raise
                self._conditional = error.code in _LOST_CREATE
        return self._conditional

    def look_before_create(self) -> None:
        """Let `create` look first: a probe has found out that the server refuses nothing."""
        self._conditional = False

    def sweep_temporary(self, older_than: float) -> int:
        """Remove what probes that were broken off have left; puts leave nothing unfinished."""
        found = [entry for entry in self._entries(f"{TEMPORARY}/") if entry.key != _CHECK]
        old = [entry.key for entry in found if entry.age > older_than]
        for key in old:
            self._delete(key)
        return len(old)

    def _name(self, key: str) -> str:
        require_safe_key(key)
        return self._base + key

    def _put(self, key: str, body: Any, **condition: Any) -> None:
        # servers compare the sum with what has come, so that nothing altered on its way is taken for written
        with s3_errors_explained(self.location, key):
            self._client.put_object(
                Bucket=self._bucket, Key=self._base + key, Body=body, ContentMD5=_content_md5(body), **condition
            )

    def _delete(self, key: str) -> None:
        with s3_errors_explained(self.location, key):
            self._client.delete_object(Bucket=self._bucket, Key=self._base + key)

    @contextmanager
    def _temporary(self, key: str) -> Iterator[None]:
        """Write an object that no listing shows, and delete it after use."""
        self._put(key, _sent(b"written and removed by a check"))
        yield
        with suppress(ArchiveForbidden):  # where the caller may not delete it stays
            self._delete(key)

    def _create_unguarded(self, key: str, body: bytes | bytearray) -> bool:
        """Look, write, and read back: of two at once the later one counts, and most often the earlier learns it."""
        try:
            return self.get(key) == body
        except NotArchived:
            self.put(key, body)
        # Only now is it certain that the condition was what the server did not like.
        self._conditional = False
        return self.get(key) == body

    def _entries(self, prefix: str) -> Iterator[Entry]:
        pages = self._client.get_paginator("list_objects_v2")
        with s3_errors_explained(self.location):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._base + prefix):
                now = _now(page["ResponseMetadata"]["HTTPHeaders"])
                for found in page.get("Contents", []):
                    key = found["Key"].removeprefix(self._base)
                    yield Entry(key, found["Size"], _age(found["LastModified"], now))


def _sent(data: bytes | bytearray | memoryview) -> Any:  # what boto3's stubs don't know
    """Return `data` as a bytearray: for bytes boto3 asks the server first whether it may, which is a round trip."""
    return data if isinstance(data, bytearray) else bytearray(data)


def _content_md5(body: bytes | bytearray) -> str:
    """Return what a server compares with the bytes that reach it: the one checksum that all of them know."""
    return base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()


def _now(headers: Mapping[str, str]) -> datetime | None:
    """Return the time on the server's clock when it sent a response with these headers."""
    date = headers.get("date")
    return _time(date) if date else None


def _time(text: str) -> datetime:
    from email.utils import parsedate_to_datetime  # a fifth of what importing this package would cost

    return parsedate_to_datetime(text)


def _age(modified: datetime, now: datetime | None) -> float:
    """Return the seconds between two times of a server; where it tells no time, everything is young."""
    return max(0.0, (now - modified).total_seconds()) if now else 0.0
