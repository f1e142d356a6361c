"""The packages on the path, by the names of their folders."""

import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from foundations.packages import installed_packages


def test_every_installed_package_is_there_with_its_version() -> None:
    names = [path.name.lower().replace("-", "_") for path in installed_packages()]
    for distribution in distributions():
        told = f"{distribution.name}_{distribution.version}".lower().replace("-", "_").replace(".", "_")
        assert any(name.replace(".", "_").startswith(told) for name in names), distribution.name


def test_a_package_that_is_installed_or_changes_its_version_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path), "", str(tmp_path / "nowhere"), __file__])
    assert list(installed_packages()) == []
    (tmp_path / "thing-1.0.dist-info").mkdir()
    (tmp_path / "old-0.1.egg-info").touch()
    (tmp_path / "thing").mkdir()
    assert [path.name for path in installed_packages()] == ["old-0.1.egg-info", "thing-1.0.dist-info"]
    (tmp_path / "thing-1.0.dist-info").rename(tmp_path / "thing-1.1.dist-info")
    assert "thing-1.1.dist-info" in [path.name for path in installed_packages()]
