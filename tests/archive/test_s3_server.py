"""Where an S3 server on a directory listens, and what it needs; tests/foundations/cli/test_archive.py runs it."""

import socket
from pathlib import Path

import pytest

from foundations_archive.upkeep import s3_server
from foundations_archive.upkeep.s3_server import LARGEST_PORT, ServerError, served


def test_the_usual_port_is_left_to_whoever_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", s3_server._free_ports("127.0.0.1", 1)[0])) as taken:
        monkeypatch.setattr(s3_server, "DEFAULT_PORT", taken.getsockname()[1])
        other = s3_server._port("127.0.0.1", None)
        assert other != s3_server.DEFAULT_PORT
        assert s3_server._is_free("127.0.0.1", other)
    assert s3_server._port("127.0.0.1", None) == s3_server.DEFAULT_PORT


def test_a_port_of_which_the_one_above_is_taken_is_not_free() -> None:
    [port] = s3_server._free_ports("127.0.0.1", 1)
    with socket.create_server(("127.0.0.1", port + 10_000)):
        assert not s3_server._is_free("127.0.0.1", port)
        with pytest.raises(ServerError, match="10,000 above it"):
            s3_server._port("127.0.0.1", port)
    assert port + 10_000 <= 65_535
    assert LARGEST_PORT + 10_000 == 65_535


def test_an_address_that_is_not_this_machines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="is it an address of this machine"), served(tmp_path, host="192.0.2.1"):
        pass


def test_credentials_are_made_up_once_and_for_each_directory(tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    made = s3_server._credentials(first)
    assert s3_server._credentials(first) == made
    assert set(made).isdisjoint(s3_server._credentials(second))
    assert first.stat().st_mode & 0o777 == 0o600
    assert sorted(tmp_path.iterdir()) == [first, second]
