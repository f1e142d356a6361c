"""The stores that every store test runs on."""

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from foundations_archive import DirectoryStore, S3Settings, S3Store, Store

STORES = ["directory", "moto", pytest.param("s3", marks=pytest.mark.s3)]

MakeBucket = Callable[..., str]


@pytest.fixture(scope="session")
def make_bucket() -> MakeBucket:
    """Make a bucket that nobody else uses, past the code under test."""

    def made(settings: S3Settings, name: str = "") -> str:
        client = boto3.client(
            "s3",
            endpoint_url=settings.endpoint_url,
            region_name=settings.region,
            aws_access_key_id=settings.access_key_id,
            aws_secret_access_key=settings.secret_access_key,
            config=Config(s3={"addressing_style": "path"}),
        )
        name = name or f"test-{uuid.uuid4().hex[:16]}"
        client.create_bucket(Bucket=name)
        return name

    return made


@pytest.fixture(scope="session")
def moto_bucket(moto_settings: S3Settings, make_bucket: MakeBucket) -> str:
    return make_bucket(moto_settings)


@pytest.fixture(scope="session")
def s3_bucket(s3_settings: S3Settings, make_bucket: MakeBucket) -> str:
    return make_bucket(s3_settings)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty store of each kind."""
    if request.param == "directory":
        return DirectoryStore(tmp_path / "archive")
    bucket = request.getfixturevalue(f"{request.param}_bucket")
    return S3Store(bucket, uuid.uuid4().hex, request.getfixturevalue(f"{request.param}_settings"))


@pytest.fixture(scope="session", params=STORES)
def crowded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A store of each kind with more objects than a listing has on a page; whoever changes one puts it back."""
    from tests.archive.test_store_contract import CROWD

    store: Store
    if request.param == "directory":
        store = DirectoryStore(tmp_path_factory.mktemp("crowded") / "archive")
    else:
        bucket = request.getfixturevalue(f"{request.param}_bucket")
        store = S3Store(bucket, uuid.uuid4().hex, request.getfixturevalue(f"{request.param}_settings"))
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: store.put(key, key.encode()), CROWD))
    return store
