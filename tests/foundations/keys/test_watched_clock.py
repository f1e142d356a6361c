import sys
import types
from pathlib import Path
from textwrap import dedent

import pytest

from foundations.keys.observer import Observer
from foundations.keys.watched_clock import Chance, chance_in

from .conftest import See

HEAD = """
import datetime as dt
import os
import random
import secrets
import time
import uuid
from datetime import date, datetime
from random import choice, random as draw
from time import time as now_in_seconds

import numpy as np
import numpy.random
import pandas as pd
from numpy.random import default_rng, rand
"""


def chance(body: str, tmp_path: Path) -> Chance:
    module = types.ModuleType("of_chance")
    module.__file__ = str(tmp_path / "of_chance.py")  # another for each test
    sys.modules["of_chance"] = module
    try:
        exec(compile(HEAD + f"def stage(x=0):\n    {body}\n", module.__file__, "exec"), vars(module))
        return chance_in(frozenset([module.stage.__code__]))
    finally:
        del sys.modules["of_chance"]


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("return time.time()", "time.time"),
        ("return now_in_seconds()", "time.time"),
        ("return datetime.now()", "datetime.datetime.now"),
        ("return dt.datetime.utcnow()", "datetime.datetime.utcnow"),
        ("return date.today()", "datetime.date.today"),
        ("return pd.Timestamp.now()", "pandas.Timestamp.now"),
        ("return time.localtime()", "time.localtime"),
        ("import time as t; return t.time_ns()", "time.time_ns"),
        ("from datetime import datetime as d; return d.now()", "datetime.datetime.now"),
        ("return os.path.getmtime('x')", "os.path.getmtime"),
        ("return time.strftime('%Y')", "time.strftime"),
    ],
)
def test_the_clock_is_found(tmp_path: Path, body: str, name: str) -> None:
    found = chance(body, tmp_path)
    assert [one.partition(" in ")[0] for one in found.clock] in ([name], [name.replace("os.path", "genericpath")])
    assert found.random == ()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("return random.random()", "random.random"),
        ("return draw()", "random.random"),
        ("return choice([1])", "random.choice"),
        ("return np.random.rand(3)", "numpy.random.rand"),
        ("return numpy.random.shuffle([])", "numpy.random.shuffle"),
        ("return rand(3)", "numpy.random.rand"),
        ("return np.random.default_rng()", "numpy.random.default_rng"),
        ("return default_rng()", "numpy.random.default_rng"),
        ("return random.Random()", "random.Random"),
        ("return uuid.uuid4()", "uuid.uuid4"),
        ("return secrets.token_hex()", "secrets.token_hex"),
        ("return os.urandom(3)", "os.urandom"),
        ("import torch; return torch.rand(3)", "torch.rand"),
    ],
)
def test_unseeded_draws_are_found(tmp_path: Path, body: str, name: str) -> None:
    found = chance(body, tmp_path)
    names = [one.partition(" in ")[0] for one in found.random]
    assert names in ([name], [name.replace("numpy.random.default_rng", "numpy.random._generator.default_rng")])
    assert found.clock == ()
    assert not found.seeds


@pytest.mark.parametrize(
    "body",
    [
        "return np.random.default_rng(3)",
        "return default_rng(x)",
        "return random.Random(x)",
        "return time.localtime(0)",
        "return time.perf_counter()",
        "return time.sleep(0)",
        "return x.random()",
        "return x.now",
        "time = x; return time.other()",
        "return datetime(2020, 1, 1)",
        "return np.random.Generator(x)",
    ],
)
def test_what_is_no_chance_is_not_told(tmp_path: Path, body: str) -> None:
    assert chance(body, tmp_path) == Chance()


@pytest.mark.parametrize("body", ["random.seed(0)", "np.random.seed(x)", "import torch; torch.manual_seed(1)"])
def test_seeds_are_found(tmp_path: Path, body: str) -> None:
    found = chance(body, tmp_path)
    assert found.seeds
    assert found.random == ()


class Closure:
    def __init__(self, *functions: types.FunctionType) -> None:
        self.codes = frozenset(function.__code__ for function in functions)

    def covers(self, code: types.CodeType) -> bool:
        return code in self.codes


def asks() -> float:
    import time

    return time.time()


def test_a_stage_is_told_of_where_it_asks(observer: Observer, see: See) -> None:
    observed = see(asks, closure=Closure(asks))  # type: ignore[arg-type]
    assert len(observed.clock) == 1
    assert observed.clock[0].startswith("time.time in ")
    assert observed.clock[0].endswith(f":{asks.__code__.co_firstlineno + 3}")


def test_draws_within_libraries_show_in_the_shared_generators(see: See) -> None:
    import random

    import numpy

    numpy.random.rand(1)
    hidden = dedent
    assert see(lambda: hidden("x")).random == ()
    assert see(random.random).random == ("the shared generator of random",)
    assert see(numpy.random.rand).random == ("the shared generator of numpy.random",)


def test_whoever_seeds_is_not_told_of(see: See) -> None:
    import random

    def seeded() -> None:
        random.seed(0)
        random.random()

    assert see(seeded, closure=Closure(seeded)).random == (
        f"random.random in {__file__}:{seeded.__code__.co_firstlineno + 2}",
    )  # type: ignore[arg-type]
