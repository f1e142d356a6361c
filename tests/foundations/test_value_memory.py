"""A large result passes through worker, courier and reader, and none of them holds a second copy of it."""

import uuid

import boto3
import pytest

from foundations_archive import S3Settings
from tests.foundations.conftest import MakeProject

VALUE = 300
# what a process may need in MiB beside a value that it holds; the courier holds none
MORE = 64
# a dozen chunks: those on their way, and those that come in meanwhile
COURIER = 192

MODEL = f"""
import os
from pathlib import Path
import numpy

def memory(name, process="self"):
    lines = Path("/proc", str(process), "status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) / 1024

def before():
    return memory("VmHWM"), memory("VmHWM", os.getppid())

def large(before):
    return numpy.random.default_rng(0).integers(0, 2**60, {VALUE} * 2**20 // 8)

def peaks(before, large):
    return memory("VmHWM") - before[0], memory("VmHWM", os.getppid()) - before[1]
"""
DRIVER = """
import hashlib
import numpy
import foundations
from model import before, large, memory, peaks

first = foundations.create_stage(before)()
array = foundations.create_stage(large)(first).persist()
deployment = foundations.create_stage(peaks)(first, array).persist().run()
worker, courier = deployment.result()

reader = foundations.ResultReader()
usual = memory("VmRSS")
(found,) = reader.get_unstructured_results(deployment.job_name(), array.uuid())
reading = memory("VmHWM") - usual
found[0] += 1  # it is the reader's own
found[0] -= 1
same = hashlib.sha256(found).digest() == hashlib.sha256(large(None)).digest()
print(same, worker, courier, reading)
"""


@pytest.mark.parametrize("kind", ["directory", pytest.param("s3", marks=pytest.mark.s3)])
def test_no_process_holds_more_than_the_value_and_64_mib(
    make_project: MakeProject, request: pytest.FixtureRequest, kind: str
) -> None:
    project = make_project("memory")
    project.write("model.py", MODEL)
    project.write("driver.py", DRIVER)
    settings = {} if kind == "directory" else on_s3(request.getfixturevalue("s3_settings"))
    same, *peaks = project.drive(FOUNDATIONS_ENVIRONMENT="local", **settings).stdout.split()[-4:]
    worker, courier, reader = map(float, peaks)
    assert same == "True"
    assert VALUE <= worker <= VALUE + MORE
    assert courier <= COURIER
    assert VALUE <= reader <= VALUE + MORE


def on_s3(settings: S3Settings) -> dict[str, str]:
    """Return the variables that lead to a new bucket."""
    bucket = f"memory-{uuid.uuid4().hex[:8]}"
    found = {
        "AWS_ENDPOINT_URL": settings.endpoint_url or "",
        "AWS_ACCESS_KEY_ID": settings.access_key_id or "",
        "AWS_SECRET_ACCESS_KEY": settings.secret_access_key or "",
        "AWS_DEFAULT_REGION": settings.region or "",
    }
    client = boto3.client(
        "s3",
        endpoint_url=settings.endpoint_url,
        region_name=settings.region,
        aws_access_key_id=settings.access_key_id,
        aws_secret_access_key=settings.secret_access_key,
    )
    client.create_bucket(Bucket=bucket)
    return {**found, "FOUNDATIONS_ARCHIVE": f"s3://{bucket}/archive"}
