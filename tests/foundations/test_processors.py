"""How many processors a process may use."""

import os
from pathlib import Path

import pytest

from foundations import processors
from foundations.processors import usable_processors


@pytest.fixture
def control_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a control group on a machine of eight processors."""
    monkeypatch.setattr(processors, "_CONTROL_GROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    (tmp_path / "cpu").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("limit", "count"), [("max 100000", 8), ("150000 100000", 2), ("50000 100000", 1), ("9900000 100000", 8), ("", 8)]
)
def test_a_control_groups_limit_counts_rounded_up(control_group: Path, limit: str, count: int) -> None:
    (control_group / "cpu.max").write_text(f"{limit}\n")
    assert usable_processors() == count


@pytest.mark.parametrize(("quota", "count"), [("-1", 8), ("300000", 3)])
def test_limits_of_the_first_version_count_too(control_group: Path, quota: str, count: int) -> None:
    (control_group / "cpu" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (control_group / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_processors() == count


@pytest.mark.usefixtures("control_group")
def test_without_limits_there_are_those_that_the_process_may_run_on() -> None:
    assert usable_processors() == 8
