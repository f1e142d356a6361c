"""The key of a stage's result: the same for what is the same call, and for nothing else."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest
from foundations.cache_key import CacheKeys

from foundations import create_stage
from foundations.graph import Call

LOCK = threading.Lock()
KEYS = CacheKeys(bundle="bundle", environment="environment", root=Path(), directory=".")


def scale(x: Any, factor: Any = 2, *, offset: Any = 0) -> None: ...


def swap(factor: Any, x: Any = 2, *, offset: Any = 0) -> None: ...


def anything(*args: Any, **kwargs: Any) -> None: ...


@create_stage
def locked(x: Any) -> Any:
    with LOCK:
        return x


class Model:
    def __init__(self, depth: int) -> None:
        self.depth = depth

    def fit(self, data: Any) -> None: ...

    def __call__(self, data: Any) -> None: ...


def key(function: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    return KEYS.key(Call("id", "name", function), args, kwargs)


def test_positional_keyword_and_default_spell_the_same_key() -> None:
    keys = {
        key(scale, 1),
        key(scale, x=1),
        key(scale, 1, 2),
        key(scale, 1, factor=2),
        key(scale, factor=2, x=1),
        key(scale, 1, offset=0),
        key(scale, 1, 2, offset=0),
    }
    assert len(keys) == 1


def test_calls_that_differ_have_keys_of_their_own() -> None:
    keys = [
        key(scale, 1),
        key(scale, 2, 1),
        key(scale, 1, 1),
        key(scale, 1, offset=2),
        key(scale, 1.0),
        key(scale, True),
        key(scale, "1"),
        key(scale, [1]),
        key(scale, (1,)),
        key(scale, np.array([1])),
        key(scale, None),
        key(swap, 1),
        key(anything, 1),
        key(anything, args=1),
        key(anything, args=(1,)),
        key(anything, (1,)),
        key(anything, 1, 2),
        key(anything, (1, 2)),
        key(anything, 1, x=2),
        key(anything, kwargs={"x": 1}),
        key(anything, x=1),
        key(anything),
        key(max, 1, 2),
        key(max, 2, 1),
        key(max, [1, 2]),
        key(Model, 1),
        key(Model(1), 1),
        key(Model(2), 1),
        key(Model(1).fit, 1),
        key(Model(2).fit, 1),
    ]
    assert len(set(keys)) == len(keys)


def test_project_and_environment_are_part_of_every_key() -> None:
    call = Call("id", "name", scale)
    spaces = [("bundle", "environment"), ("changed", "environment"), ("bundle", "changed"), ("bundle", None)]
    keys = {
        CacheKeys(bundle=one, environment=other, root=Path(), directory=".").key(call, (1,), {})
        for one, other in spaces
    }
    assert len(keys) == len(spaces)


def test_where_there_is_no_image_the_installed_packages_count() -> None:
    call = Call("id", "name", scale)
    assert CacheKeys(bundle="b", environment=None, root=Path(), directory=".").key(call, (1,), {}) == (
        CacheKeys(bundle="b", environment=None, root=Path(), directory=".").key(call, (1,), {})
    )


def test_the_stage_that_asks_does_not_count() -> None:
    assert KEYS.key(Call("one", "a", scale), (1,), {}) == KEYS.key(Call("two", "b", scale), (1,), {})


def test_a_function_that_is_decorated_where_it_is_defined_counts_by_its_name() -> None:
    function = locked.__wrapped__  # type: ignore[attr-defined]
    assert key(function, 1) == key(function, x=1) != key(scale, 1)


def test_what_a_closure_holds_counts() -> None:
    def scaled(factor: float) -> Callable[..., Any]:
        return lambda x: x * factor

    assert key(scaled(1), 1) == key(scaled(1), 1)
    assert key(scaled(1), 1) != key(scaled(2), 1)


def test_an_argument_that_can_not_be_pickled_raises() -> None:
    with pytest.raises(TypeError, match="generator"):
        key(scale, (item for item in ()))


def test_a_drivers_own_functions_and_classes_have_the_same_key_in_every_process_and_job(tmp_path: Path) -> None:
    driver = tmp_path / "driver.py"
    driver.write_text(
        dedent("""
        import sys
        from dataclasses import dataclass
        from enum import Enum
        from pathlib import Path
        import cloudpickle, pickle
        from foundations import create_stage
        from foundations.cache_key import CacheKeys
        from foundations.pickling import pickle_graph

        @dataclass
        class Config:
            rate: float = 0.1

        class Kind(Enum):
            ONE = 1

        def train(config, kind):
            return Config(config.rate * 2), kind

        graph = create_stage(train)(Config(), Kind.ONE).graph()
        root = Path(__file__).resolve().parent
        if sys.argv[1] == "2":
            pickle_graph(graph, root)
        sys.stdout.buffer.write(pickle_graph(graph, root))
        """)
    )
    worker = (
        "import pathlib, pickle, sys; from foundations.cache_key import CacheKeys\n"
        "call = pickle.loads(sys.stdin.buffer.read()).calls[0]\n"
        "keys = CacheKeys(bundle='b', environment='e', root=pathlib.Path(), directory='.')\n"
        "print(keys.key(call, call.args, dict(call.kwargs)))"
    )
    keys = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        pickled = subprocess.check_output([sys.executable, driver, seed], env=environment)
        keys.add(subprocess.check_output([sys.executable, "-c", worker], input=pickled, env=environment))
    assert len(keys) == 1
