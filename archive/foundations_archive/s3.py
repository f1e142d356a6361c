"""The store that is a bucket on S3, or on a server that speaks like it."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from foundations_archive.errors import (
    ArchiveForbidden,
    ArchiveMisconfigured,
    ArchiveUnreachable,
    NotArchived,
    s3_errors_explained,
)
from foundations_archive.store import TEMPORARY, Entry, require_safe_key, require_safe_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from boto3 import Session
    from botocore.config import Config
    from mypy_boto3_s3 import S3Client

DEFAULT_REGION = "us-east-1"

_CREATE_ATTEMPTS = 4
_IGNORE_SET: dict[str, Any] = {"ignore_configured_endpoint_urls": True}  # boto3's stubs don't know it
_LOST_CREATE = {"PreconditionFailed", "ConditionalRequestConflict", "OperationAborted", "412", "409"}
_NO_CONDITIONS = {"NotImplemented", "InvalidArgument", "501"}


@dataclass(frozen=True)
class S3Settings:
    """How to reach S3 and as whom; what is None follows the AWS conventions (environment, profile, role)."""

    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    profile: str | None = None


def resolve(settings: S3Settings) -> S3Settings:
    """Return all that another process needs to be this caller, looked up now where `settings` leaves it open.

    Raises `ArchiveForbidden` without credentials, `ArchiveMisconfigured` when the settings make no sense.
    """
    session = _session(settings)
    with s3_errors_explained("S3"):
        credentials = session.get_credentials()
        assert credentials is not None
        frozen = credentials.get_frozen_credentials()
    return S3Settings(
        endpoint_url=_endpoint(session, settings),
        region=session.region_name or DEFAULT_REGION,
        access_key_id=frozen.access_key,
        secret_access_key=frozen.secret_key,
        session_token=frozen.token,
    )


class S3Store:
    """The store below `prefix` in `bucket`; safe to share between threads."""

    def __init__(self, bucket: str, prefix: str, settings: S3Settings) -> None:
        session = _session(settings)
        endpoint = _endpoint(session, settings)
        self._client = _boto3_client(session, endpoint, _config(endpoint))
        self._bucket = bucket
        self._base = f"{prefix.strip('/')}/".lstrip("/")
        self._bucket_seen = False
        self._conditional = True
        self.location = f"s3://{bucket}/{self._base}".rstrip("/") + (f" at {endpoint}" if endpoint else "")

    def get(self, key: str) -> bytes:
        """Return the whole value; raise `NotArchived` only when it is really not there."""
        name = self._name(key)
        with s3_errors_explained(self.location, key):
            response = self._client.get_object(Bucket=self._bucket, Key=name)
            with closing(response["Body"]) as body:
                return body.read()  # which raises when there is less than was announced

    def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        """Write the value; a reader sees the old bytes or the new ones."""
        name = self._name(key)
        with s3_errors_explained(self.location, key):
            self._client.put_object(Bucket=self._bucket, Key=name, Body=bytes(data))

    def create(self, key: str, data: bytes | bytearray | memoryview) -> bool:
        """Write the value unless there is one, and say whether this call wrote it.

        A refused write is read back: the reply to our own may have been lost, and the client or a proxy have
        repeated it; equal bytes are therefore ours. A server without conditional writes is looked at first.
        """
        name, body = self._name(key), bytes(data)
        for _ in range(_CREATE_ATTEMPTS):
            if not self._conditional:
                return self._create_unguarded(key, body)
            try:
                with s3_errors_explained(self.location, key):
                    self._client.put_object(Bucket=self._bucket, Key=name, Body=body, IfNoneMatch="*")
                return True
            except ArchiveUnreachable as error:
                if error.code in _NO_CONDITIONS:
                    return self._create_unguarded(key, body)
                if error.code not in _LOST_CREATE:
                    raise
            try:
                return self.get(key) == body
            except NotArchived:
                continue  # the write that stood in the way failed, or was deleted since
        message = f"{self.location} refuses to create {key} and has nothing there; is another writer deleting it?"
        raise ArchiveUnreachable(message, key=key, location=self.location)

    def list(self, prefix: str) -> Iterator[Entry]:
        """Give every entry whose key starts with `prefix`, in key order."""
        require_safe_prefix(prefix)
        # Not every server lists in the order of keys: SeaweedFS gives "a/b" before "a-b".
        return iter(sorted(self._entries(prefix), key=attrgetter("key")))

    def head(self, key: str) -> Entry | None:
        """Return the entry under `key`, or None when there is none."""
        name = self._name(key)
        # The reply to a HEAD has no body: whether the bucket is there and why S3 refuses must be asked again.
        try:
            with s3_errors_explained(self.location, key):
                found = self._client.head_object(Bucket=self._bucket, Key=name)
        except NotArchived:
            if not self._bucket_seen:
                self.look()
            return None
        except ArchiveForbidden:
            self.look()
            raise
        return Entry(key, found["ContentLength"], _age(found["LastModified"], _now(found)))

    def delete(self, key: str) -> None:
        """Remove the value; no error when it is not there."""
        name = self._name(key)
        with s3_errors_explained(self.location, key):
            self._client.delete_object(Bucket=self._bucket, Key=name)

    def check(self) -> None:
        """Raise unless the bucket is there and this caller can list, write and delete in it."""
        self.look()
        probe = f"{self._base}{TEMPORARY}/check"
        with s3_errors_explained(self.location, f"{TEMPORARY}/check"):
            self._client.put_object(Bucket=self._bucket, Key=probe, Body=b"written and removed by a check")
            self._client.delete_object(Bucket=self._bucket, Key=probe)

    def look(self) -> None:
        """Raise unless the bucket is there and this caller can list it."""
        with s3_errors_explained(self.location):
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._base, MaxKeys=1)
        self._bucket_seen = True

    def _name(self, key: str) -> str:
        require_safe_key(key)
        return self._base + key

    def _create_unguarded(self, key: str, body: bytes) -> bool:
        if self.head(key) is not None:
            return False
        self.put(key, body)
        # Only now is it certain that the condition was what the server did not like.
        self._conditional = False
        return True

    def _entries(self, prefix: str) -> Iterator[Entry]:
        pages = self._client.get_paginator("list_objects_v2")
        with s3_errors_explained(self.location):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._base + prefix):
                now = _now(page)
                for found in page.get("Contents", []):
                    key = found["Key"].removeprefix(self._base)
                    if not key.startswith(f"{TEMPORARY}/"):
                        yield Entry(key, found["Size"], _age(found["LastModified"], now))


def _session(settings: S3Settings) -> Session:
    """Return a session that has credentials."""
    import boto3

    if bool(settings.access_key_id) != bool(settings.secret_access_key):
        raise ArchiveMisconfigured("access_key_id and secret_access_key go together; only one of them is set for S3")
    with s3_errors_explained("S3"):
        session = boto3.Session(
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=settings.secret_access_key,
            aws_session_token=settings.session_token,
            region_name=settings.region,
            profile_name=settings.profile,
        )
        if session.get_credentials() is None:
            message = (
                "no credentials for S3 were found: not in the config (access_key_id and secret_access_key, "
                "or profile), the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE), "
                f"the profile {session.profile_name!r} of the AWS files, nor a role of this machine; set one"
            )
            raise ArchiveForbidden(message, location="S3", code="NoCredentials")
    return session


def _endpoint(session: Session, settings: S3Settings) -> str | None:
    """Return the endpoint that was set, here or in the AWS files and variables; None for Amazon's own."""
    from botocore.config import Config

    if settings.endpoint_url:
        return settings.endpoint_url
    # boto3 has no public way to ask what was set, but shows what it does with it and without.
    chosen = _boto3_client(session, None, Config()).meta.endpoint_url
    usual = _boto3_client(session, None, Config(**_IGNORE_SET)).meta.endpoint_url
    return None if chosen == usual else chosen


def _config(endpoint: str | None) -> Config:
    from botocore.config import Config

    return Config(
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=32,
        # Several servers refuse the checksums that boto3 adds by default.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"} if endpoint else None,
        user_agent_extra="foundations",
    )


def _boto3_client(session: Session, endpoint: str | None, config: Config) -> S3Client:
    region = session.region_name or DEFAULT_REGION
    with s3_errors_explained(endpoint or "S3"):
        try:
            return session.client("s3", region_name=region, endpoint_url=endpoint, config=config)
        except ValueError as error:
            message = f"S3 can't be reached so: {error}; write the endpoint like http://host:9000"
            raise ArchiveMisconfigured(message, location=endpoint or "S3") from error


def _now(response: Mapping[str, Any]) -> datetime | None:
    """Return the time on the server's clock when it sent `response`."""
    from email.utils import parsedate_to_datetime  # a fifth of what importing this package would cost

    date = response["ResponseMetadata"]["HTTPHeaders"].get("date")
    return parsedate_to_datetime(date) if date else None


def _age(modified: datetime, now: datetime | None) -> float:
    """Return the seconds between two times of a server; where it tells no time, everything is young."""
    return max(0.0, (now - modified).total_seconds()) if now else 0.0
