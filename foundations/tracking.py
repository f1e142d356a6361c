"""Tags and parameters: of the job that runs here, or, in the driver, of the jobs to come."""

import json
import time
import warnings
from collections.abc import Mapping
from typing import Any

from foundations import current
from foundations.plain import cut_text, plain_scalar, plain_tree

_LONGEST = 100_000

_tags: dict[str, Any] = {}
_parameters: dict[str, Any] = {}


def set_tag(key: str, value: str | float | bool = "") -> None:
    """Put a tag on the job that runs here or, in the driver, on every job that this process runs from then on.

    A tag that is set again has the new value. `get_metrics_for_all_jobs` shows it as the column `tag_<key>`. Raise
    `ValueError` for a key that is not a `str`, `TypeError` for a value that is no text, number or boolean.

    >>> foundations.set_tag("reviewed")
    >>> foundations.set_tag("dataset", "2024-03")
    """
    _check_key("tag", key)
    try:
        plain = plain_scalar(value)
    except TypeError:
        raise TypeError(
            f"the tag {key!r} has the value {cut_text(value)} of type {type(value).__name__}; a tag is a string, a "
            "number or a boolean"
        ) from None
    _log("tag", _tags, {str.__str__(key): _short("tag", key, plain)})


def log_param(key: str, value: Any) -> None:
    """Log a parameter of the job that runs here or, in the driver, of every job that this process runs from then on.

    `get_metrics_for_all_jobs` shows it under its name. Values are strings, numbers, booleans, None, or lists, tuples
    and dicts of these, else `TypeError`; a key that is not a `str` is a `ValueError`. A job has one value of a
    parameter: the last one counts, and a warning says so where a job changes its own. A parameter that is given to
    `run()` counts more than what the driver has logged.

    >>> foundations.log_param("learning_rate", 0.01)
    """
    log_params({key: value})


def log_params(params: Mapping[str, Any]) -> None:
    """Log several parameters, see `log_param`; where one can't be logged none is.

    >>> foundations.log_params({"learning_rate": 0.01, "layers": [64, 64]})
    """
    if not isinstance(params, Mapping):
        raise TypeError(f"log_params takes a dict, got {cut_text(params)} of type {type(params).__name__}")
    plain = {key: _parameter(key, value) for key, value in params.items()}
    _log("parameter", _parameters, {str.__str__(key): value for key, value in plain.items()})


def tags_to_come() -> dict[str, Any]:
    """Return the tags that the driver has set for its jobs."""
    return dict(_tags)


def know_parameters(parameters: Mapping[str, Any]) -> None:
    """Take note of the parameters that were given to `run()`: a stage that changes one is told."""
    _parameters.update(parameters)


def parameters_to_come() -> dict[str, Any]:
    """Return the parameters that the driver has logged for its jobs."""
    return dict(_parameters)


def _check_key(what: str, key: Any) -> None:
    if not isinstance(key, str):
        raise ValueError(  # noqa: TRY004 - the contract's choice, as for metrics
            f"the key of a {what} must be a str, got {key!r} of type {type(key).__name__}"
        )


def _parameter(key: str, value: Any) -> Any:
    _check_key("parameter", key)
    try:
        return _short("parameter", key, plain_tree(value))
    except (TypeError, RecursionError):  # a list may hold itself
        raise TypeError(
            f"the parameter {key!r} has the value {cut_text(value)} of type {type(value).__name__}; a parameter is a "
            "string, a number, a boolean, None, or a list, tuple or dict of these"
        ) from None


def _short(what: str, key: str, plain: Any) -> Any:
    size = len(json.dumps([key, plain]))
    if size > _LONGEST:
        raise ValueError(
            f"the {what} {cut_text(key)!r} takes {size} characters and may take {_LONGEST}; save_artifact keeps files "
            "of any size"
        )
    return plain


def _log(what: str, known: dict[str, Any], values: Mapping[str, Any]) -> None:
    if current.job_id is None:
        if current.stage() is None:  # a stage that runs in the driver itself belongs to no job
            known.update(values)
        return
    for key, value in values.items():
        if what == "parameter" and key in known and known[key] != value:
            warnings.warn(
                f"the parameter {key!r} of this job was {cut_text(known[key])} and is {cut_text(value)} now; the last "
                "one counts",
                stacklevel=4,
            )
        known[key] = value
        if current.line is not None:
            note = {"say": what, "stage": current.stage(), "key": key, "value": value, "time": time.time()}
            current.line.note(note)
