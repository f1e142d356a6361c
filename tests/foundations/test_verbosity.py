"""How much of ours errors show."""

from typing import Any

import pytest

from foundations import verbosity
from foundations.verbosity import configure, error_verbosity, set_error_verbosity


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verbosity, "_chosen", None)
    monkeypatch.setattr(verbosity, "_configured", "normal")


def test_it_is_normal_unless_somebody_says_otherwise() -> None:
    assert error_verbosity() == "normal"


def test_the_driver_overrides_the_environment_whoever_comes_first() -> None:
    configure("verbose")
    assert error_verbosity() == "verbose"
    set_error_verbosity("normal")
    assert error_verbosity() == "normal"
    configure("verbose")
    assert error_verbosity() == "normal"


@pytest.mark.parametrize("value", ["loud", "", "VERBOSE", None, 1, ["verbose"]])
def test_anything_else_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="'normal' or 'verbose', got"):
        set_error_verbosity(value)
    assert error_verbosity() == "normal"
