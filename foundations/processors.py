"""How many processors this process may use, a container's limit included."""

import os
from pathlib import Path

_CONTROL_GROUP = Path("/sys/fs/cgroup")


def usable_processors() -> int:
    """Return how many processors this process may use."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min([count, *_quota("cpu.max"), *_quota("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")])


def _quota(*files: str) -> list[int]:
    """Return the processors that a control group allows, rounded up; nothing where it sets no limit."""
    # https://docs.kernel.org/admin-guide/cgroup-v2.html: "max 100000" or "150000 100000"; in version 1 -1 is no limit
    try:
        words = " ".join(Path(_CONTROL_GROUP, file).read_text() for file in files).split()
        quota, period = (int(word) for word in words)
    except (OSError, ValueError):
        return []
    return [max(1, -(-quota // period))] if quota > 0 else []
