"""S3 is looked up once for the same settings, and again where anything that counts has changed."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from foundations_archive import S3Settings
from foundations_archive.errors import ArchiveForbidden
from foundations_archive.s3_connection import Connection, connection, resolve

KEYS = S3Settings("http://127.0.0.1:9", "us-east-1", "key", "secret")


def test_equal_settings_share_a_connection() -> None:
    assert connection(KEYS) is connection(S3Settings("http://127.0.0.1:9", "us-east-1", "key", "secret"))


def test_other_settings_have_another_one() -> None:
    assert (
        connection(KEYS).client is not connection(S3Settings("http://127.0.0.1:9", "us-east-1", "me", "secret")).client
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_PROFILE", "default"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:10"), ("HTTPS_PROXY", "http://127.0.0.1:11")],
)
def test_a_variable_that_counts_is_looked_at_each_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    (tmp_path / "config").write_text("[default]\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    before = connection(KEYS)
    monkeypatch.setenv(name, value)
    assert connection(KEYS) is not before
    monkeypatch.delenv(name)
    assert connection(KEYS) is before


def test_credentials_that_were_changed_on_the_disk_are_read_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    with pytest.raises(ArchiveForbidden):
        resolve(S3Settings())
    for number, key in enumerate(("first", "second")):
        file.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = x\n")
        changed = time.time() + number
        os.utime(file, (changed, changed))
        assert resolve(S3Settings()).access_key_id == key


def test_threads_that_ask_at_once_get_one_connection() -> None:
    settings = S3Settings("http://127.0.0.1:9", "us-east-1", "threads", "secret")
    found: list[Connection] = []
    threads = [threading.Thread(target=lambda: found.append(connection(settings))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(one) for one in found}) == 1


FORKING = """
import os, sys
from foundations_archive import S3Settings, S3Store

settings = S3Settings(sys.argv[1], "us-east-1", "unchecked", "unchecked")
store = S3Store(sys.argv[2], "forked", settings)
store.put("parent", b"before")
inherited = store._client
children = []
for number in range(2):
    child = os.fork()
    if not child:
        own = store._client is not inherited and S3Store(sys.argv[2], "forked", settings)._client is store._client
        for n in range(50):
            store.put(f"child{number}", b"%d" % n)
            own = own and store.get(f"child{number}") == b"%d" % n
        os._exit(0 if own else 1)
    children.append(child)
for n in range(50):
    store.put("parent", b"%d" % n)
    assert store.get("parent") == b"%d" % n
assert store._client is inherited
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def test_a_process_that_was_forked_shares_no_socket_with_its_parent(
    moto_settings: S3Settings, moto_bucket: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(moto_settings.endpoint_url), moto_bucket],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
