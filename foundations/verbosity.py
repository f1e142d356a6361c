"""How much of ours the tracebacks of errors show."""

from typing import Literal

Verbosity = Literal["normal", "verbose"]

_VERBOSITIES = ("normal", "verbose")
_chosen: Verbosity | None = None
_configured: Verbosity = "normal"


def set_error_verbosity(verbosity: Verbosity) -> None:
    """Show the frames of Foundations itself in the errors of the jobs to come and of this driver, or leave them out.

    "verbose" shows them, "normal", which is the default, shows the user's own frames only. It overrides the key
    `error_verbosity` of the environment. Raise `ValueError` for anything else.

    >>> foundations.set_error_verbosity("verbose")
    """
    if verbosity not in _VERBOSITIES:
        raise ValueError(f"the verbosity of errors is 'normal' or 'verbose', got {verbosity!r}")
    global _chosen
    _chosen = verbosity


def configure(verbosity: Verbosity) -> None:
    """Take note of what the selected environment sets."""
    global _configured
    _configured = verbosity


def error_verbosity() -> Verbosity:
    """Return what counts: the driver's own choice, else the environment's."""
    return _chosen or _configured
