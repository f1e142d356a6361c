"""How S3 is reached and as whom: looked up once for the same settings, since that costs a tenth of a second."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from foundations_archive.errors import ArchiveForbidden, ArchiveMisconfigured, s3_errors_explained
from foundations_archive.s3_clock import follow_servers_clock

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from boto3 import Session
    from botocore.config import Config
    from mypy_boto3_s3 import S3Client

DEFAULT_REGION = "us-east-1"
READ_TIMEOUT = 60.0

_IGNORE_SET: dict[str, Any] = {"ignore_configured_endpoint_urls": True}  # boto3's stubs don't know it
_PROXIES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle"})
_FILES = (("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))


@dataclass(frozen=True)
class S3Settings:
    """How to reach S3 and as whom; what is None follows the AWS conventions (environment, profile, role)."""

    endpoint_url: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    profile: str | None = None


@dataclass(frozen=True)
class Connection:
    """A client of S3, the session whose credentials it has, and the process that may use it."""

    session: Session
    endpoint: str | None
    client: S3Client
    process: int


def resolve(settings: S3Settings) -> S3Settings:
    """Return all that another process needs to be this caller, looked up now where `settings` leaves it open.

    Raises `ArchiveForbidden` without credentials, `ArchiveMisconfigured` when the settings make no sense.
    """
    connected = connection(settings)
    session = connected.session
    with s3_errors_explained("S3"):
        credentials = session.get_credentials()
        assert credentials is not None
        frozen = credentials.get_frozen_credentials()
    return S3Settings(
        endpoint_url=connected.endpoint,
        region=session.region_name or DEFAULT_REGION,
        access_key_id=frozen.access_key,
        secret_access_key=frozen.secret_key,
        session_token=frozen.token,
    )


def connection(settings: S3Settings) -> Connection:
    """Return the connection that `settings` stand for: the one that this process has already, where nothing changed.

    Raises as `resolve` does.
    """
    key = (settings, *_surroundings())
    with _known.lock:
        found = _known.connections.get(key)
        if found is None:
            session = _session(settings)
            endpoint = _endpoint(session, settings)
            client = _boto3_client(session, endpoint, _config(endpoint))
            follow_servers_clock(client, session)
            found = _known.connections[key] = Connection(session, endpoint, client, os.getpid())
    return found


class _Known:
    """The connections of this process; safe to share between threads."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.lock = threading.Lock()
        self.connections: dict[Hashable, Connection] = {}


_known = _Known()
os.register_at_fork(after_in_child=_known.forget)


def _surroundings() -> Iterator[Hashable]:
    """Yield all that AWS's conventions make of an empty setting: variables, and files as they are now."""
    for name, value in sorted(os.environ.items()):
        if name.startswith("AWS_") or name.lower() in _PROXIES:
            yield name, value
    for variable, usual in _FILES:
        with suppress(OSError, RuntimeError):
            path = Path(os.environ.get(variable) or usual).expanduser()
            yield str(path), path.stat().st_mtime_ns


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
        # whoever opens the store decides how often it is asked (retrying.py); boto3's own attempts would multiply
        # with that, and its quota for them would run dry in an outage
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=5,
        read_timeout=READ_TIMEOUT,
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
