"""Tags and parameters, as far as the driver alone knows of them; jobs are in test_local_tracking.py."""

import subprocess
import sys
from typing import Any

import pytest

from foundations import current, tracking
from foundations.tracking import log_param, log_params, parameters_to_come, set_tag, tags_to_come


@pytest.fixture(autouse=True)
def forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "_tags", {})
    monkeypatch.setattr(tracking, "_parameters", {})


def test_what_the_driver_says_last_counts_for_the_jobs_to_come() -> None:
    set_tag("a")
    set_tag("b", 1)
    set_tag("b", 2.5)
    log_param("rate", 0.1)
    log_params({"rate": 0.2, "layers": (64, 64), "none": None})
    assert tags_to_come() == {"a": "", "b": 2.5}
    assert parameters_to_come() == {"rate": 0.2, "layers": [64, 64], "none": None}


def test_what_is_asked_for_is_a_copy() -> None:
    set_tag("a")
    tags_to_come()["b"] = 1
    assert tags_to_come() == {"a": ""}


@pytest.mark.parametrize("key", [None, 3, b"key", ("a",)])
def test_a_key_that_is_no_text_is_refused(key: Any) -> None:
    with pytest.raises(ValueError, match="the key of a tag must be a str, got"):
        set_tag(key)
    with pytest.raises(ValueError, match="the key of a parameter must be a str, got"):
        log_param(key, 1)
    assert (tags_to_come(), parameters_to_come()) == ({}, {})


@pytest.mark.parametrize("value", [None, [1], {"a": 1}, object()])
def test_a_tag_that_is_no_scalar_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=r"the tag 'a' has the value .* of type .*; a tag is a string, a number or a"):
        set_tag("a", value)


def test_where_one_parameter_is_bad_none_is_logged() -> None:
    with pytest.raises(TypeError, match=r"the parameter 'b' has the value .* of type object; a parameter is a string"):
        log_params({"a": 1, "b": object()})
    assert parameters_to_come() == {}
    ring: list[Any] = []
    ring.append(ring)
    with pytest.raises(TypeError, match="the parameter 'a'"):
        log_param("a", ring)


def test_parameters_that_are_no_dict_are_refused() -> None:
    with pytest.raises(TypeError, match="log_params takes a dict, got rate of type str"):
        log_params("rate")  # type: ignore[arg-type]


def test_what_is_very_long_belongs_into_an_artifact() -> None:
    with pytest.raises(ValueError, match=r"the parameter 'a' takes \d+ characters and may take 100000; save_artifact"):
        log_param("a", "x" * 100_000)
    with pytest.raises(ValueError, match="the tag 'xxx"):
        set_tag("x" * 100_000)


def test_a_stage_that_runs_in_the_driver_leaves_the_jobs_to_come_alone() -> None:
    with current.running("stage"):
        set_tag("a")
        log_param("b", 1)
    assert (tags_to_come(), parameters_to_come()) == ({}, {})


def test_the_worker_s_half_loads_nothing_that_the_worker_lacks() -> None:
    code = "import sys, foundations.tracking, foundations.artifacts; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.startswith(("foundations_archive", "foundations_runner"))]
