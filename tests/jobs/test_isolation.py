"""What user code in a container can't do, and where credentials are not."""

import json
from collections.abc import Iterator

import boto3
import pytest

from foundations_archive import S3Settings
from tests.jobs.conftest import Project, until

pytestmark = pytest.mark.docker

MODEL = """\
import os, time


def attempt(what):
    try:
        return repr(what())
    except OSError as error:
        return type(error).__name__


def probe():
    status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
    return {
        "user": os.getuid(),
        "groups": os.getgroups(),
        "capabilities": int(status["CapEff"], 16) | int(status["CapPrm"], 16),
        "private": attempt(lambda: os.listdir("/foundations/private")),
        "courier's environment": attempt(lambda: open("/proc/1/environ").read()),
        "courier's memory": attempt(lambda: open("/proc/1/mem", "rb").read(1)),
        "courier's files": attempt(lambda: os.listdir("/proc/1/fd")),
        "runtime": attempt(lambda: open("/foundations/runtime/worker/foundations/stage.py", "a")),
        "kill": attempt(lambda: os.kill(1, 0)),
        "become root": attempt(lambda: os.setuid(0)),
        "socket": os.path.exists("/var/run/docker.sock"),
        "secrets": sorted(name for name in os.environ if name.startswith("AWS")),
        "own files": attempt(lambda: open("scratch.txt", "w").write("x")),
        "home": attempt(lambda: open(os.path.expanduser("~/scratch.txt"), "w").write("x")),
    }


def waits():
    print("began", flush=True)
    time.sleep(120)
"""

DRIVER = """\
import json, sys
import foundations, model

stage = foundations.create_stage(getattr(model, sys.argv[1]))().persist()
print(json.dumps(stage.run().result()))
"""


@pytest.fixture(scope="module")
def isolated(project: Project) -> Project:
    project.write("model.py", MODEL)
    project.write("driver.py", DRIVER)
    return project


def test_user_code_has_no_privileges_and_no_way_to_the_courier_or_the_archive(isolated: Project) -> None:
    done = isolated.run("probe")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "user": 65534,
        "groups": [],
        "capabilities": 0,
        "private": "PermissionError",
        "courier's environment": "PermissionError",
        "courier's memory": "PermissionError",
        "courier's files": "PermissionError",
        "runtime": "PermissionError",
        "kill": "PermissionError",
        "become root": "PermissionError",
        "socket": False,
        "secrets": [],
        "own files": "1",
        "home": "1",
    }


@pytest.fixture
def on_s3(isolated: Project, s3_settings: S3Settings) -> Iterator[tuple[dict[str, str], "boto3.client"]]:
    client = boto3.client(
        "s3",
        endpoint_url=s3_settings.endpoint_url,
        region_name=s3_settings.region,
        aws_access_key_id=s3_settings.access_key_id,
        aws_secret_access_key=s3_settings.secret_access_key,
    )
    client.create_bucket(Bucket="isolation")
    yield (
        {
            "FOUNDATIONS_ARCHIVE": "s3://isolation/archive",
            "AWS_ENDPOINT_URL": s3_settings.endpoint_url or "",
            "AWS_DEFAULT_REGION": s3_settings.region or "",
            "AWS_ACCESS_KEY_ID": s3_settings.access_key_id or "",
            "AWS_SECRET_ACCESS_KEY": s3_settings.secret_access_key or "",
        },
        client,
    )
    for found in client.list_objects_v2(Bucket="isolation").get("Contents", []):
        client.delete_object(Bucket="isolation", Key=found["Key"])
    client.delete_bucket(Bucket="isolation")


@pytest.mark.s3
def test_the_archives_credentials_are_nowhere_but_in_the_couriers_memory(
    isolated: Project, on_s3: tuple[dict[str, str], "boto3.client"]
) -> None:
    variables, client = on_s3
    secret = variables["AWS_SECRET_ACCESS_KEY"]
    process = isolated.start("waits", **variables)
    assert process.stdout
    assert process.stdout.readline() == "began\n"
    container = until(
        lambda: [one for one in isolated.engine.containers.list() if one.name and isolated_job(one, client)],
        what="the job's container",
    )[0]
    assert secret not in json.dumps(container.attrs)
    files = container.exec_run("cat /proc/1/environ /proc/1/cmdline", user="0").output
    assert secret.encode() not in files
    everywhere = container.exec_run(["grep", "-rlF", secret, "/foundations", "/tmp", "/run", "/etc"], user="0")
    assert everywhere.output == b""
    process.terminate()
    process.communicate(timeout=30)
    for found in client.list_objects_v2(Bucket="isolation")["Contents"]:
        assert secret.encode() not in client.get_object(Bucket="isolation", Key=found["Key"])["Body"].read()


def isolated_job(container: object, client: "boto3.client") -> bool:
    """Tell whether a container's job is one of this bucket's."""
    keys = [found["Key"] for found in client.list_objects_v2(Bucket="isolation")["Contents"]]
    return any(f"/jobs/{container.labels.get('foundations.job')}/" in key for key in keys)  # type: ignore[attr-defined]
