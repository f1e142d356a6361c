"""A proxy that injects faults, before the real S3 server."""

import uuid
from collections.abc import Iterator

import pytest

from foundations_archive import S3Settings, S3Store
from tests.archive.faults.proxy import FaultProxy, fault_proxy


@pytest.fixture
def proxy(s3_settings: S3Settings) -> Iterator[FaultProxy]:
    assert s3_settings.endpoint_url is not None
    with fault_proxy(s3_settings.endpoint_url) as running:
        yield running


@pytest.fixture
def through(proxy: FaultProxy, s3_settings: S3Settings, s3_bucket: str) -> S3Store:
    """An empty store behind the proxy."""
    return S3Store(s3_bucket, uuid.uuid4().hex, proxy.settings(s3_settings))
