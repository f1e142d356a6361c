"""What the jobs to come may use: `set_job_resources`."""

import math
import re
from collections.abc import Callable
from dataclasses import replace

from foundations import current
from foundations.plain import cut_text
from foundations.settings import Environment

_SIZE = re.compile(r"\d+(\.\d+)?[bkmg]?", re.IGNORECASE)
_UNITS = {"b": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_LEAST_BYTES = 6 * 1024**2  # of a container, says Docker

_gpus: int | None = None
_memory: str | None = None
_told = False


def set_job_resources(num_gpus: int = 0, ram: float | str | None = None) -> None:
    """Give the jobs that this process runs from now on so many GPUs (-1: all) and so much memory.

    `ram` is a number of gigabytes, or a text with a unit: "512m", "8g"; None leaves it to the environment. They take
    the place of `gpus` and `memory` in the environment's `docker_config`, both: who calls it for the memory alone gets
    no GPU. The environment `local` has no limits, and says so once. Raise `ValueError` for a number that can't be
    meant, `TypeError` for what is none.

    >>> foundations.set_job_resources(num_gpus=1, ram=8)
    """
    if not isinstance(num_gpus, int) or isinstance(num_gpus, bool):
        raise TypeError(f"num_gpus must be a whole number, got {cut_text(num_gpus)} of type {type(num_gpus).__name__}")
    if num_gpus < -1:
        raise ValueError(f"num_gpus must be a number of GPUs, or -1 for all, got {num_gpus}")
    memory = _memory_text(ram)
    if current.job_id is not None:
        return  # a module that the driver shares with its stages: the job has what it has
    global _gpus, _memory
    _gpus, _memory = num_gpus, memory


def with_resources(environment: Environment, *, say: Callable[[str], None]) -> Environment:
    """Return an environment with what the driver has asked for; `say` gets a note where that changes nothing."""
    global _told
    if _gpus is None:
        return environment
    if environment.kind == "local":
        if not _told and (_gpus or _memory):
            say("the environment local has no limits: set_job_resources counts in the environment docker only")
            _told = True
        return environment
    docker = replace(environment.docker, gpus=_gpus, memory=_memory or environment.docker.memory)
    return replace(environment, docker=docker)


def _memory_text(ram: float | str | None) -> str | None:
    if ram is None:
        return None
    if isinstance(ram, str):
        text = ram.strip().lower()
        if not _SIZE.fullmatch(text):
            raise ValueError(f"ram must be a size such as '512m' or '8g', got {cut_text(ram)!r}")
        return _enough(float(text.rstrip("bkmg")) * _UNITS.get(text[-1], 1), ram)
    if isinstance(ram, bool) or not isinstance(ram, int | float):
        raise TypeError(
            f"ram must be a number of gigabytes or a text, got {cut_text(ram)} of type {type(ram).__name__}"
        )
    if not 0 < ram < math.inf:
        raise ValueError(f"ram must be a number of gigabytes above 0, got {ram}")
    return _enough(ram * _UNITS["g"], ram)


def _enough(size: float, ram: float | str) -> str:
    if size < _LEAST_BYTES:
        raise ValueError(f"a container needs 6m of memory at least, got {ram!r}; a number counts gigabytes")
    return f"{math.ceil(size)}b"
