"""The key of a stage's result: the same for what is the same call, and for nothing else."""

import functools
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

import foundations
from foundations import create_stage
from foundations.graph import Caching, Call, Upstream
from foundations.keys.stage_keys import StageKey, StageKeys, Uncacheable

LOCK = threading.Lock()
ROOT = Path(__file__).parents[3]


def made(**options: Any) -> StageKeys:
    return StageKeys(**{"bundle": "bundle", "environment": "environment", "root": ROOT, "paths": [], **options})


KEYS = made()


def scale(x: Any, factor: Any = 2, *, offset: Any = 0) -> Any:
    return x * factor + offset


def swap(factor: Any, x: Any = 2, *, offset: Any = 0) -> Any:
    return x * factor - offset


def anything(*args: Any, **kwargs: Any) -> Any:
    return args, kwargs


def only(x: Any, /, **more: Any) -> Any:
    return x, more


@create_stage
def locked(x: Any) -> Any:
    with LOCK:
        return x


class Model:
    def __init__(self, depth: int) -> None:
        self.depth = depth

    def fit(self, data: Any) -> Any:
        return self.depth, data

    def __call__(self, data: Any) -> Any:
        return data


def whole(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Any, **caching: Any) -> StageKey:
    call = Call("id", "name", function, args, kwargs, caching=Caching(**caching))
    return KEYS.of(call, {"one": "content of one", "two": "content of two", "none": None})


def key(function: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    return whole(function, args, kwargs).fine


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
    calls: list[tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = [
        (scale, (1,), {}),
        (scale, (1.0,), {}),
        (scale, (True,), {}),
        (scale, ("1",), {}),
        (scale, (None,), {}),
        (scale, ([1],), {}),
        (scale, ((1,),), {}),
        (scale, ({1},), {}),
        (scale, (np.int64(1),), {}),
        (scale, (np.array([1]),), {}),
        (scale, (np.array([1.0]),), {}),
        (scale, (1, 3), {}),
        (scale, (1,), {"offset": 1}),
        (scale, (1,), {"factor": 1}),
        (swap, (1,), {}),
        (anything, (1,), {}),
        (anything, (), {"x": 1}),
        (anything, ((), {"x": 1}), {}),
        (anything, (), {"x": 1, "y": 2}),
        (anything, (), {"y": 2, "x": 1}),
        (only, (1,), {}),
        (only, (1,), {"x": 1}),
        (only, (1,), {"x": 2}),
        (Model(1).fit, (1,), {}),
        (Model(2).fit, (1,), {}),
        (Model(1), (1,), {}),
        (functools.partial(scale, 1), (), {}),
        (functools.partial(scale, 2), (), {}),
    ]
    keys = [whole(function, args, kwargs) for function, args, kwargs in calls]
    assert len({one.fine for one in keys}) == len(calls)
    assert len({name for one in keys for name in one.names}) == 2 * len(calls)


def test_the_environment_counts_and_where_there_is_no_image_the_installed_packages() -> None:
    call = Call("id", "name", scale, (1,))
    keys = {made(environment=name).of(call, {}).fine for name in ("one", "two", None)}
    assert len(keys) == 3
    assert made(environment=None).of(call, {}) == made(environment=None).of(call, {})


def test_what_lies_in_the_model_directory_counts_in_the_coarse_key_alone() -> None:
    call = Call("id", "name", scale, (1,))
    one, other = made(bundle="one").of(call, {}), made(bundle="two").of(call, {})
    assert one.fine == other.fine
    assert one.coarse != other.coarse
    assert len({*one.names, *other.names}) == 3


def runs_anything(text: str) -> object:
    return eval(text)


def test_what_the_code_of_arguments_makes_count_is_told() -> None:
    for _ in range(2):  # it is found out once
        (why,) = KEYS.of(Call("id", "name", scale, (runs_anything,)), {}).more_counts
        assert "runs_anything" in why
        assert "all code of the model directory counts" in why
    assert KEYS.of(Call("id", "name", scale, (1,)), {}).more_counts == ()


def test_the_stage_that_asks_does_not_count() -> None:
    calls = [Call(number, name, scale, (1,)) for number, name in (("1", "a"), ("2", "b"))]
    assert len({KEYS.of(call, {}).fine for call in calls}) == 1


def test_the_result_of_a_stage_counts_by_its_content() -> None:
    assert key(scale, Upstream("one")) == key(scale, Upstream("one"))
    assert key(scale, Upstream("one")) != key(scale, Upstream("two")) != key(scale, "content of two")
    assert key(scale, [Upstream("one"), 1]) != key(scale, [1, Upstream("one")])
    with pytest.raises(Uncacheable, match="no stable identity"):
        key(scale, Upstream("none"))


def test_version_and_ignored_parameters() -> None:
    plain = whole(scale, (1,), {}).fine
    assert whole(scale, (1,), {}, version="2").fine not in (plain, whole(scale, (1,), {}, version="3").fine)
    ignoring = [whole(scale, (1,), {"offset": offset}, ignore=("offset",)).fine for offset in (0, 5)]
    assert len(set(ignoring)) == 1
    surplus = [whole(anything, (1,), {"threads": threads, "x": 1}, ignore=("threads",)).fine for threads in (1, 2)]
    assert len(set(surplus)) == 1
    assert whole(anything, (1,), {"threads": 1, "x": 2}, ignore=("threads",)).fine not in surplus


def test_what_is_marked_does_not_count() -> None:
    marked = [key(scale, 1, offset=foundations.ignore(offset)) for offset in (0, 5)]
    assert marked[0] == marked[1]


def test_what_has_no_stable_identity_is_refused_by_its_path() -> None:
    said = r"argument x\['rows'\]\[1\] is of type generator.*foundations\.ignore\(value\)"
    with pytest.raises(Uncacheable, match=said):
        key(scale, {"rows": [1, (item for item in ())]})
    call = Call("id", "name", scale)
    with Path(os.devnull).open() as file, pytest.raises(Uncacheable, match="the result of name is of type"):
        KEYS.content(call, file)


def test_a_function_that_is_decorated_where_it_is_defined_counts_by_its_code() -> None:
    function = locked.__wrapped__  # type: ignore[attr-defined]
    assert key(function, 1) == key(function, x=1) != key(scale, 1)


def test_what_a_closure_holds_counts() -> None:
    def scaled(factor: float) -> Callable[..., Any]:
        return lambda x: x * factor

    assert key(scaled(1), 1) == key(scaled(1), 1)
    assert key(scaled(1), 1) != key(scaled(2), 1)


def test_files_that_arguments_name_are_told(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("1,2")
    assert str(file) in whole(scale, (str(file),), {}).files
    assert whole(scale, ("no such file",), {}).files == ()


def test_a_drivers_own_functions_and_classes_have_the_same_key_in_every_process_and_job(tmp_path: Path) -> None:
    driver = tmp_path / "driver.py"
    driver.write_text(
        dedent("""
        import sys
        from dataclasses import dataclass
        from enum import Enum
        from pathlib import Path
        from foundations import create_stage
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
    worker = dedent("""
        import pathlib, pickle, sys
        from foundations.keys.stage_keys import StageKeys
        call = pickle.loads(sys.stdin.buffer.read()).calls[0]
        keys = StageKeys(bundle='b', environment='e', root=pathlib.Path(sys.argv[1]), paths=[])
        print(keys.of(call, {}).fine)
    """)
    keys = set()
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        elsewhere = tmp_path / seed
        elsewhere.mkdir()
        pickled = subprocess.check_output([sys.executable, driver, seed], env=environment)
        told = subprocess.check_output([sys.executable, "-c", worker, elsewhere], input=pickled, env=environment)
        keys.add(told)
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("name", "value", "same"),
    [
        ("PYTHONWARNINGS", "error", False),
        ("PYTHONDEVMODE", "1", False),
        ("PYTHONUTF8", "0", False),
        ("PYTHONDONTWRITEBYTECODE", "1", True),
        ("PYTHONUTF8", "1", True),
    ],
)
def test_what_options_make_of_python_counts(name: str, value: str, same: bool, tmp_path: Path) -> None:
    script = (
        "import pathlib, sys\nfrom foundations.keys.stage_keys import StageKeys\n"
        "print(StageKeys(bundle='b', environment='e', root=pathlib.Path(sys.argv[1]), paths=[])._surroundings)"
    )
    plain = {key: one for key, one in os.environ.items() if not key.startswith(("PYTHON", "LC_", "LANG"))}
    # where no locale is set Python takes UTF-8 by itself, unless it is told not to
    plain |= {"PYTHONCOERCECLOCALE": "0", "LC_ALL": "POSIX"}
    told = [
        subprocess.check_output([sys.executable, "-c", script, str(tmp_path)], env={**plain, **more})
        for more in ({}, {name: value})
    ]
    assert (told[0] == told[1]) is same
