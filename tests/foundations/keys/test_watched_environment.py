import copy
import hashlib
import inspect
import os
import pickle
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cloudpickle
import pytest

from foundations.keys.observed import still_holds
from foundations.keys.observer import Observer
from foundations.keys.watched_environment import ALL

from .conftest import See


@pytest.fixture(autouse=True)
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FIRST", "1")
    monkeypatch.setenv("ODD", "\udcff ü")
    monkeypatch.delenv("NOT_SET", raising=False)


def digest(value: str) -> str:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def refused(name: str) -> None:
    with pytest.raises(KeyError) as raised:
        os.environ[name]
    assert raised.value.args == (name,)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize(
    "ask",
    [
        lambda name: os.environ.get(name),
        lambda name: os.getenv(name, "default"),
        lambda name: name in os.environ,
        lambda name: os.environb.get(name.encode()),
        lambda name: os.getenvb(name.encode()),
        lambda name: os.path.expandvars(f"${name}/x"),
        lambda name: os.environ.get(type("Text", (str,), {})(name)),
    ],
)
def test_a_variable_that_is_asked_for_counts(
    root: Path, see: See, ask: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stage() -> None:
        ask("FIRST")
        ask("NOT_SET")

    observed = see(stage)
    assert observed.variables == {"FIRST": digest("1"), "NOT_SET": None}
    assert still_holds(observed, root=root) is None
    monkeypatch.setenv("UNRELATED", "x")
    assert still_holds(observed, root=root) is None
    monkeypatch.setenv("NOT_SET", "")
    assert still_holds(observed, root=root) == "variable NOT_SET is set now"
    monkeypatch.delenv("NOT_SET")
    monkeypatch.setenv("FIRST", "2")
    assert still_holds(observed, root=root) == "variable FIRST changed"
    monkeypatch.delenv("FIRST")
    assert still_holds(observed, root=root) == "variable FIRST is not set any more"


def test_a_missing_variable_is_a_key_error_as_ever(see: See) -> None:
    assert see(lambda: refused("NOT_SET")).variables == {"NOT_SET": None}


def test_values_of_odd_bytes(see: See) -> None:
    assert see(lambda: os.environ["ODD"]).variables == {"ODD": digest("\udcff ü")}
    assert see(lambda: os.environb[b"ODD"]).variables == {"ODD": digest("\udcff ü")}


def test_odd_names_are_refused_as_ever(see: See) -> None:
    def stage() -> None:
        with pytest.raises(TypeError):
            os.environ[1]  # type: ignore[index]
        with pytest.raises(TypeError):
            os.environ["x"] = 1  # type: ignore[assignment]

    observed = see(stage)
    assert not observed.spoiled


def test_what_the_stage_has_set_itself_is_no_input(see: See) -> None:
    def stage() -> None:
        os.environ["MINE"] = "1"
        os.environ["MINE"]
        os.environ.update(OTHER="2")
        os.environ.get("OTHER")
        del os.environ["MINE"], os.environ["OTHER"]
        os.environ.get("MINE")

    assert see(stage).variables == {}


def test_what_was_there_before_it_is_set_counts(see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINE", "before")

    def stage() -> None:
        os.environ.setdefault("MINE", "2")
        os.environ["MINE"] = "after"
        os.environ["MINE"]
        os.environ.pop("MINE")

    assert see(stage).variables == {"MINE": digest("before")}


@pytest.mark.parametrize(
    "ask",
    [
        lambda: dict(os.environ),
        lambda: os.environ.copy(),
        lambda: {**os.environ},
        lambda: os.environ | {},
        lambda: list(os.environ.items()),
        lambda: list(os.environ.values()),
        lambda: repr(os.environ),
        lambda: dict(os.environb),
        lambda: [os.environ[name] for name in os.environ],
        lambda: "\n".join(f"{name}={value}" for name, value in os.environ.items()),
    ],
)
def test_whoever_asks_for_all_depends_on_all_but_the_volatile(
    root: Path, see: See, ask: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOSTNAME", "here")
    observed = see(ask)
    assert observed.variables["FIRST"] == digest("1")
    assert not {"HOSTNAME", "PYTEST_CURRENT_TEST", "PWD"} & set(observed.variables)
    monkeypatch.setenv("HOSTNAME", "there")
    assert still_holds(observed, root=root) is None
    monkeypatch.setenv("NEW", "1")
    assert still_holds(observed, root=root) == "other environment variables are set"
    monkeypatch.delenv("NEW")
    monkeypatch.setenv("FIRST", "2")
    assert still_holds(observed, root=root) == "variable FIRST changed"


def test_a_volatile_variable_counts_when_it_is_named(see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOSTNAME", "here")

    def stage() -> None:
        dict(os.environ)
        os.environ["HOSTNAME"]

    assert see(stage).variables["HOSTNAME"] == digest("here")


def test_what_the_standard_library_asks_by_the_way_is_no_input(see: See) -> None:
    import shutil
    import tempfile

    def stage() -> None:
        tempfile.tempdir = None
        tempfile.gettempdir()
        shutil.get_terminal_size()
        subprocess.run(["true"], check=True)

    assert see(stage).variables == {}
    assert "PATH" in see(lambda: shutil.which("ls")).variables


def test_who_looks_for_a_proxy_depends_on_those_alone(see: See, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    monkeypatch.delenv("REQUEST_METHOD", raising=False)
    variables = see(urllib.request.getproxies_environment).variables
    assert variables["HTTPS_PROXY"] == digest("http://proxy")
    assert "http_proxy" in variables
    assert not {"FIRST", ALL} & set(variables)


def test_the_environment_stays_what_it_is(observer: Observer) -> None:
    assert type(os.environ) is os._Environ
    assert isinstance(os.environ, os._Environ)
    assert os.environ.copy()["FIRST"] == "1"
    assert copy.copy(os.environ)["FIRST"] == "1"
    assert cloudpickle.loads(cloudpickle.dumps(os.environ.copy()))["FIRST"] == "1"
    assert pickle.dumps(dict(os.environ))
    assert list(inspect.signature(os.environ.__getitem__).parameters) == ["key"]
    assert len(os.environ) == len(list(os.environ))


def test_patches_of_tests_work(see: See) -> None:
    def stage() -> None:
        with patch.dict(os.environ, {"PATCHED": "1"}, clear=True):
            assert os.environ["PATCHED"] == "1"
            assert "FIRST" not in os.environ
        assert os.environ["FIRST"] == "1"
        with patch.object(os, "environ", {"FIRST": "2"}):
            assert os.environ["FIRST"] == "2"

    before = dict(os.environ)
    assert not see(stage).spoiled
    assert {**os.environ, "PYTEST_CURRENT_TEST": ""} == {**before, "PYTEST_CURRENT_TEST": ""}


def test_taken_away_nothing_is_left(root: Path) -> None:
    kind = type(os.environ)
    before = kind.__getitem__, kind.__iter__, kind.__repr__
    observer = Observer(root)
    observer.install()
    assert kind.__getitem__ is not before[0]
    observer.uninstall()
    assert (kind.__getitem__, kind.__iter__, kind.__repr__) == before


def test_children_get_what_is_set(see: See) -> None:
    def stage() -> None:
        os.environ["GIVEN"] = "ü"
        try:
            told = subprocess.run(
                [sys.executable, "-c", "import os; print(ascii(os.environ['GIVEN']))"],
                check=True,
                stdout=subprocess.PIPE,
            )
            assert told.stdout == b"'\\xfc'\n"
        finally:
            del os.environ["GIVEN"]

    see(stage)
