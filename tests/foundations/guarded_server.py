"""An S3 server of a test's own, with users who may do less than its owner."""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from foundations_archive import S3Settings
from tests.conftest import cannot, s3_server


@contextmanager
def guarded_server(directory: Path, policies: Mapping[str, str]) -> Iterator[dict[str, S3Settings]]:
    """Run a server in a directory; give its settings for the `owner`, and for a user of each policy's name."""
    secret = uuid.uuid4().hex
    users = {
        "identities": [
            {"name": name, "credentials": [{"accessKey": name, "secretKey": secret}], "policyNames": [name]}
            for name in policies
        ],
        "policies": [{"name": name, "content": policy} for name, policy in policies.items()],
    }
    (directory / "users.json").write_text(json.dumps(users))
    started = s3_server("start", str(directory), "--identities", str(directory / "users.json"))
    if started.returncode != 0:
        cannot(f"no real S3 server: {started.stderr.strip()}")
    says = dict(line.removeprefix("export ").split("=", 1) for line in started.stdout.splitlines())
    endpoint, region = says["AWS_ENDPOINT_URL"], says["AWS_DEFAULT_REGION"]
    try:
        yield {
            "owner": S3Settings(endpoint, region, says["AWS_ACCESS_KEY_ID"], says["AWS_SECRET_ACCESS_KEY"]),
            **{name: S3Settings(endpoint, region, name, secret) for name in policies},
        }
    finally:
        s3_server("stop", str(directory)).check_returncode()
