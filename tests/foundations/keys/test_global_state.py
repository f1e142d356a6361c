"""What stages change of what they can reach is found; what only looks so is not."""

import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

from foundations.keys.closure import Closures
from foundations.keys.global_state import GlobalState
from foundations.keys.user_code import UserCode

Load = Callable[..., ModuleType]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Write modules, and return the first, imported."""
    monkeypatch.syspath_prepend(str(tmp_path))
    names: list[str] = []

    def loaded(**files: str) -> ModuleType:
        for name, text in files.items():
            Path(tmp_path, f"{name}.py").write_text(dedent(text))
            names.append(name)
        return import_module(names[0])

    yield loaded
    for name in names:
        sys.modules.pop(name, None)


def state_of(module: ModuleType, root: Path) -> GlobalState:
    closures = Closures(UserCode.of(root, [str(root)]))
    closure = closures.of(module.stage)
    assert closure.refused is None, closure.refused
    return GlobalState(closure, closures)


CHANGES = {
    "a list": ("SEEN = []", "SEEN", "SEEN.append(1)", "gs_model.SEEN"),
    "a dict in a dict": ("TABLE = {'a': {}}", "TABLE", "TABLE['a']['b'] = 1", "gs_model.TABLE"),
    "a set": ("NAMES = {1}", "NAMES", "NAMES.add(2)", "gs_model.NAMES"),
    "a type": ("RATE = 1", "RATE", "globals().update(RATE=1.0)", "gs_model.RATE"),
    "an array": ("import numpy as np\nA = np.zeros(3)", "A", "A[0] = 1", "gs_model.A"),
    "a class's attribute": ("class C:\n    rate = 1", "C", "C.rate = 2", "gs_model.C.rate"),
    "a class's new attribute": ("class C:\n    rate = 1", "C", "C.other = 2", "gs_model.C's attributes"),
    "a method": ("class C:\n    def f(self): ...", "C", "C.f = lambda self: 1", "gs_model.C.f"),
    "an instance": ("class C: ...\nc = C()\nc.x = 1", "c", "c.x = 2", "gs_model.c"),
    "beside a lock": (
        "import threading\nSTATE = {'lock': threading.Lock(), 'seen': []}",
        "STATE",
        "STATE['seen'].append(1)",
        "gs_model.STATE",
    ),
    "a generator's state": ("import random\nRNG = random.Random(1)", "RNG", "RNG.random()", "gs_model.RNG"),
    "a default": ("def f(x=[]): return x", "f()", "f().append(1)", "a default of gs_model.f"),
    "a function's attribute": ("def f(): ...\nf.calls = 0", "f()", "f.calls += 1", "gs_model.f.calls"),
    "a function's new attribute": ("def f(): ...", "f()", "f.calls = 1", "gs_model.f's attributes"),
    "in a variable around": (
        "def make():\n    seen = []\n    return lambda: seen\nf = make()",
        "f()",
        "f().append(1)",
        "seen of gs_model.make.<locals>.<lambda>",
    ),
    "a helper, replaced": ("def f(): ...", "f()", "globals().update(f=lambda: 1)", "gs_model.f"),
    "taken away": ("X = [1]", "X", "globals().pop('X')", "gs_model.X"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_changes_is_named(name: str, load: Load, tmp_path: Path) -> None:
    before, used, change, told = CHANGES[name]
    model = load(gs_model=f"{before}\n\n\ndef stage():\n    return {used}\n")
    state = state_of(model, tmp_path)
    assert state.changed() is None
    exec(change, vars(model))
    assert state.changed() == told


def test_globals_of_other_modules_count_through_any_number_of_them(load: Load, tmp_path: Path) -> None:
    model = load(
        gs_model="import gs_helpers\n\n\ndef stage():\n    return gs_helpers.total()\n",
        gs_helpers="import gs_numbers\n\n\ndef total():\n    return gs_numbers.TOTAL\n",
        gs_numbers="TOTAL = 1\nUNUSED = 1\n",
    )
    state = state_of(model, tmp_path)
    numbers = import_module("gs_numbers")
    numbers.UNUSED = 2  # type: ignore[attr-defined]
    assert state.changed() is None
    numbers.TOTAL = 2  # type: ignore[attr-defined]
    assert state.changed() == "gs_numbers.TOTAL"


HARMLESS = """
    import collections
    import functools
    import itertools
    import logging
    import queue
    import re
    import threading
    import typing
    from dataclasses import dataclass
    from enum import Enum

    LOCK, EVENT, LOCAL = threading.Lock(), threading.Event(), threading.local()
    LOG = logging.getLogger("gs")
    PATTERN = re.compile("a")
    TABLE = collections.defaultdict(list, {"a": [1]})


    class Colour(Enum):
        RED = 1


    @dataclass
    class Settings:
        rate: float = 0.5


    SETTINGS = Settings()


    class Base:
        def step(self):
            return 1


    class Net(Base, typing.Generic[typing.TypeVar("T")]): ...


    @functools.lru_cache
    def kept(x):
        return x


    @functools.singledispatch
    def generic(x):
        return x


    def stage():
        import json
        with LOCK:
            LOG.warning("%s", PATTERN.match("a"))
        EVENT.set()
        LOCAL.x = getattr(LOCAL, "x", 0)
        generic(1)
        kept(2)
        Net[int]().step()
        return json.dumps([TABLE.get("a"), TABLE.get("b"), Colour(1).value, SETTINGS.rate, SETTINGS])
"""


def test_what_is_no_change_is_none(load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import copy
    import pickle

    model = load(gs_model=HARMLESS)
    state = state_of(model, tmp_path)
    with pytest.raises(TypeError):
        model.stage()
    copy.deepcopy(model.SETTINGS), pickle.dumps(model.Net())  # which write down what they know of a class
    model.SETTINGS = model.Settings()  # another one that says the same
    monkeypatch.setattr(model, "PATTERN", model.re.compile("a"))
    assert state.changed() is None
