"""What `enable_caching` takes, and what it says of what it does not."""

from typing import Any

import pytest

from foundations import create_stage
from foundations.graph import Caching


@create_stage
def load(path: str, *, threads: int = 1) -> str:
    return path * threads


@create_stage
def train(rows: Any, **options: Any) -> Any:
    return rows, options


def test_the_options_are_those_of_the_stage_itself_and_caching_that_of_all_above() -> None:
    loaded = load("rows")
    trained = train(loaded, depth=3).enable_caching(version="2", ignore=["threads", "depth", "depth"], ttl=60)
    calls = {call.name: call for call in trained.graph().calls}
    assert calls["train"].caching == Caching("2", ("depth", "threads"), 60)
    assert calls["load"].caching == Caching()
    assert calls["load"].cached
    assert trained.disable_caching() is trained
    assert trained.enable_caching().graph().calls[-1].caching == Caching()


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"version": 2}, TypeError, "the version is a text, got 2"),
        ({"ignore": "threads"}, TypeError, r"got 'threads'; write \['threads'\]"),
        ({"ignore": 5}, TypeError, "the names of parameters in a list, got 5"),
        ({"ignore": None}, TypeError, "the names of parameters in a list, got None"),
        ({"ignore": [1]}, TypeError, "the names of parameters, got 1"),
        ({"ignore": ["thread"]}, ValueError, r"load\(\) has no parameter 'thread' to ignore; it has path, threads"),
        ({"ttl": "1h"}, TypeError, "ttl is a number of seconds, or None for no limit, got '1h'"),
        ({"ttl": True}, TypeError, "ttl is a number of seconds"),
        ({"ttl": -1}, ValueError, "ttl is finite and not negative"),
        ({"ttl": float("nan")}, ValueError, "ttl is finite and not negative"),
        ({"ttl": 10**400}, ValueError, "ttl is finite and not negative"),
        ({"ttl": float("inf")}, ValueError, "ttl is finite and not negative"),
    ],
)
def test_a_wrong_option_is_refused_on_the_line_that_gives_it(
    options: dict[str, Any], kind: type[Exception], said: str
) -> None:
    stage = load("rows")
    with pytest.raises(kind, match=said):
        stage.enable_caching(**options)
    assert not stage.graph().calls[0].cached
