"""What a stage sets for others is named; what it takes back, or an import sets, is not."""

import contextvars
import decimal
import logging
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

from foundations.keys.observer import Observer
from foundations.keys.process_settings import SETTINGS
from foundations.keys.settings_watch import SettingsWatch
from foundations.keys.words import words_in

from .conftest import See

NAMES = {
    "the context of decimal": lambda: decimal.getcontext().__setattr__("prec", 5),
    "the print options of NumPy": lambda: np.set_printoptions(precision=2),
    "the error handling of NumPy": lambda: np.seterr(divide="ignore"),
    "the pandas option display.precision": lambda: pd.set_option("display.precision", 2),
    "the working directory": lambda: os.chdir(".."),
    "sys.path": lambda: sys.path.append("/nowhere"),
    "the limits of Python": lambda: sys.setrecursionlimit(sys.getrecursionlimit() + 1),
}


@pytest.fixture
def settings() -> SettingsWatch:
    made = SettingsWatch(lambda file: "model" in Path(file).name)
    made.begin()
    return made


@pytest.fixture(autouse=True)
def taken_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    folder, limit, level = os.getcwd(), sys.getrecursionlimit(), logging.root.level
    path = list(sys.path)
    option = pd.option_context("display.precision", pd.get_option("display.precision"))
    with decimal.localcontext(), warnings.catch_warnings(), np.errstate(), np.printoptions(), option:
        yield
    sys.path[:] = path
    os.chdir(folder)
    sys.setrecursionlimit(limit)
    logging.root.setLevel(level)


def changed(settings: SettingsWatch, function: Callable[..., Any]) -> dict[str, str]:
    words = words_in(frozenset({function.__code__}))
    before = settings.enter(words)
    function()
    return settings.leave(before, words)


@pytest.mark.parametrize("name", NAMES)
def test_what_a_stage_sets_is_named(name: str, settings: SettingsWatch) -> None:
    told = changed(settings, NAMES[name])
    assert list(told) == [name]
    assert told[name]
    assert list(settings.found()) == [name]


def test_what_is_the_same_afterwards_is_not_changed(settings: SettingsWatch) -> None:
    def stage() -> None:
        with decimal.localcontext() as context, np.printoptions(precision=3), warnings.catch_warnings():
            context.prec = 3
            warnings.simplefilter("ignore")
            _ = decimal.Decimal(1) / 3

    assert changed(settings, stage) == {}
    assert settings.found() == {}


def test_what_is_taken_back_by_another_stage_is_not_found(settings: SettingsWatch) -> None:
    before = pd.get_option("display.precision")
    assert changed(settings, lambda: pd.set_option("display.precision", before + 1))
    assert settings.found() == {"the pandas option display.precision": before + 1}
    assert changed(settings, lambda: pd.set_option("display.precision", before))
    assert settings.found() == {}


def test_folders_are_found_relative_to_where_the_job_began(settings: SettingsWatch, tmp_path: Path) -> None:
    here = os.getcwd()
    changed(settings, lambda: sys.path.append(f"{here}/libraries"))
    assert settings.found()["sys.path"][-1] == "libraries"


def noisy_import(name: str) -> None:
    sys.modules[name] = ModuleType(name)
    sys.path.append(name)


def test_what_an_import_sets_is_not_the_stages_doing(settings: SettingsWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "settings_noise", raising=False)
    assert changed(settings, lambda: noisy_import("settings_noise")) == {}
    assert settings.found() == {}
    # what is there from then on is what others find anyway
    assert list(changed(settings, lambda: sys.path.append("/nowhere"))) == ["sys.path"]


def test_what_a_stage_sets_that_imports_something_too_is_its_doing(
    settings: SettingsWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "settings_noise", raising=False)

    def stage() -> None:
        noisy_import("settings_noise")
        sys.path.append("/nowhere")

    assert list(changed(settings, stage)) == ["sys.path"]


def test_what_another_stage_may_have_set_meanwhile_is_not_held_against_one(settings: SettingsWatch) -> None:
    other = settings.enter(frozenset())
    assert changed(settings, lambda: noisy_path()) == {}
    assert settings.leave(other, frozenset()) == {}


def noisy_path() -> None:
    sys.path.append("/a folder of a library, for a while")


def test_what_is_said_is_no_setting(settings: SettingsWatch) -> None:
    def stage() -> None:
        warnings.simplefilter("error")
        logging.basicConfig(level=logging.DEBUG, force=True)
        logging.getLogger("settings_said").setLevel(logging.ERROR)

    handlers = logging.root.handlers[:]
    try:
        assert changed(settings, stage) == {}
    finally:
        logging.root.handlers[:] = handlers
    assert settings.found() == {}


def test_a_variable_of_a_library_is_its_own_affair(settings: SettingsWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    model, library = ModuleType("settings_model"), ModuleType("settings_library")
    model.__file__, library.__file__ = "/somewhere/model.py", "/somewhere/else.py"
    ours, theirs = contextvars.ContextVar[int]("ours"), contextvars.ContextVar[int]("theirs")
    vars(model)["LEVEL"], vars(library)["LEVEL"] = ours, theirs
    for module in (model, library):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    tokens: list[contextvars.Token[int]] = []
    assert changed(settings, lambda: tokens.append(theirs.set(1))) == {}
    assert list(changed(settings, lambda: tokens.append(ours.set(1)))) == ["the context variable settings_model.LEVEL"]
    assert settings.found() == {"the context variable settings_model.LEVEL": 1}
    theirs.reset(tokens[0])
    ours.reset(tokens[1])
    assert settings.found() == {}


def test_the_context_of_another_thread_is_not_found(settings: SettingsWatch) -> None:
    changed(settings, lambda: decimal.getcontext().__setattr__("prec", 5))
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(settings.found()))
    thread.start()
    thread.join()
    assert found == [{}]


def test_the_result_of_a_stage_that_sets_something_is_not_kept(see: See, observer: Observer) -> None:
    observer.settings.begin()
    (why,) = see(lambda: decimal.getcontext().__setattr__("prec", 5)).spoiled
    assert why.startswith("it changed the context of decimal, which other stages find changed; ")
    assert why.endswith("set it for a while, with decimal.localcontext()")


def test_what_is_looked_at_is_as_libraries_leave_it_when_they_are_imported() -> None:
    script = (
        "import sys\nfrom foundations.keys.process_settings import SETTINGS\n"
        "names = ('decimal', 'NumPy', 'pandas')\n"
        "mine = [one for one in SETTINGS if any(name in one.name for name in names)]\n"
        "before = [one.look() for one in mine]\nimport decimal, numpy, pandas\n"
        "for one, found in zip(mine, before):\n"
        "    old, new = one.by_name(found), one.by_name(one.look())\n"
        "    print(*[(name, old.get(name), new[name]) for name in new if old.get(name) != new[name]])\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
    assert len({one.name for one in SETTINGS}) == len(SETTINGS)
