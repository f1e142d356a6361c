"""`log_metric`: what may be logged, and the way to the job's record."""

import warnings
from typing import Any

from foundations import current
from foundations.plain import cut_text, plain_scalar, plain_value


def log_metric(key: str, value: Any) -> None:
    """Log a value under `key` for the stage that is running; every value of a key is kept, in order.

    Values are numbers (NumPy scalars and 0-d arrays too), strings, booleans, or lists, nested at will, of these:
    anything else raises `TypeError`, a key that is not a `str` raises `ValueError`. Outside a stage nothing is
    kept, and a warning says so.

    >>> def train(rate):
    ...     foundations.log_metric("loss", 0.25)
    """
    if type(value) is float and type(key) is str:  # what most are: nothing to look at
        stage = current.stage()
        if stage is not None and current.metric_log is not None:
            current.metric_log.metric(stage, key, value)
            return
    if not isinstance(key, str):
        raise ValueError(  # noqa: TRY004 - the contract's choice
            f"the key of a metric must be a str, got {key!r} of type {type(key).__name__}"
        )
    try:
        plain = _plain(value)
    except (TypeError, RecursionError):  # a list may hold itself
        raise TypeError(
            f"the metric {key!r} has the value {cut_text(value)} of type {type(value).__name__}; a metric is a number, "
            f"a string, a boolean, or a list of these{_as_list(value)}"
        ) from None
    stage = current.stage()
    if stage is None:
        warnings.warn(
            f"the metric {key!r} was logged outside a stage and is not kept; call log_metric in a function that "
            "runs as a stage",
            stacklevel=2,
        )
    elif current.metric_log is not None:
        current.metric_log.metric(stage, key, plain)


def _as_list(value: Any) -> str:
    return "; value.tolist() is one" if hasattr(type(value), "tolist") and getattr(value, "ndim", 0) == 1 else ""


def _plain(value: Any) -> Any:
    """Return `value` as JSON has it, or a float."""
    if not isinstance(value, list):
        return plain_value(value)
    return [_plain(item) if isinstance(item, list) else plain_scalar(item) for item in value]
