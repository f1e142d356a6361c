"""Explanations as the worker makes them."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from foundations.explaining import Explanations, Ran, packages
from foundations.explanation import KINDS, Document
from foundations.graph import Caching, Call, Upstream
from foundations.keys.stage_keys import StageKeys

SECRET = "s3cret-of-a-service-that-is-so-long-that-it-is-cut-where-it-is-shown-to-people"
MODEL = f'''
SCALE = 2
TOKEN = "{SECRET}"
ADDRESS = "https://me:pass@host/path"


def helper(x):
    """Not what counts."""
    return x * SCALE, TOKEN, ADDRESS


def train(rows, lr=0.1, where=None):
    return helper(rows)
'''


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (tmp_path / "explained_model.py").write_text(MODEL)
    monkeypatch.syspath_prepend(tmp_path)
    yield import_module("explained_model")
    del sys.modules["explained_model"]


@pytest.fixture
def keys(tmp_path: Path) -> StageKeys:
    return StageKeys(bundle="bundle", environment="image", root=tmp_path, paths=[str(tmp_path)])


RAN = Ran([("stale", "file data.csv changed")], {"files": {"data.csv": "1"}}, kept="k")


def test_a_key_is_told_in_three_documents(model: Any, keys: StageKeys) -> None:
    call = Call("id", "fit", model.train, (Upstream("above"),), {"lr": 0.2}, caching=Caching("3", ("where",), 60.0))
    keys.prepare([Call("above", "load", len), call])
    key = keys.of(call, {"above": "ab" * 32})
    explanation = Explanations(keys).of(call, key, RAN)
    stage = explanation.stage.content
    assert (explanation.stage_name, explanation.function) == ("fit", "explained_model:train")
    assert stage["keys"] == {"fine": key.fine, "coarse": key.coarse}
    assert {name: one["shown"] for name, one in stage["arguments"].items()} == {
        "rows": "result of load (abababab)",
        "lr": "0.2",
    }
    assert stage["arguments"]["lr"]["digest"] == key.arguments["lr"].digest
    assert (stage["version"], stage["ignore"], stage["ttl"]) == ("3", ["where"], 60.0)
    assert stage["why"] == [{"kind": "stale", "says": "file data.csv changed"}]
    assert (stage["observed"], stage["kept"], stage["refused"]) == ({"files": {"data.csv": "1"}}, "k", None)
    parts = {part["name"]: part for part in explanation.code.content["parts"]}
    assert parts["explained_model.helper"]["source"].startswith("def helper(x):")
    assert (parts["explained_model.helper"]["file"], parts["explained_model.SCALE"]["source"]) == (
        "explained_model.py",
        "2",
    )
    environment = explanation.environment.content
    assert environment["packages"]["pytest"] == pytest.__version__
    assert (environment["build"], environment["image"]) == (sys.version, "image")
    for one, kind in zip(explanation.documents, KINDS, strict=True):
        assert Document.of(one.data, kind).content == one.content


def test_code_and_environment_are_made_once(model: Any, keys: StageKeys) -> None:
    made = Explanations(keys)
    one, other = (Call(name, name, model.train, (number,)) for number, name in enumerate("ab"))
    first, second = (made.of(call, keys.of(call, {}), RAN) for call in (one, other))
    assert first.code is second.code
    assert first.environment is second.environment
    assert first.stage.name != second.stage.name


def test_equal_explanations_have_equal_names_in_every_job(model: Any, keys: StageKeys, tmp_path: Path) -> None:
    call = Call("id", "fit", model.train, (1,))
    again = StageKeys(bundle="bundle", environment="image", root=tmp_path, paths=[str(tmp_path)])
    names = [Explanations(one).of(call, one.of(call, {}), RAN).names for one in (keys, again)]
    assert names[0] == names[1]


def test_a_refused_stage_tells_why(keys: StageKeys, model: Any) -> None:
    call = Call("id", "fit", model.train, (object(),))
    explanation = Explanations(keys).of(call, None, Ran([("refused", "it says so")], refused="it says so"))
    assert (explanation.refused, explanation.stage.content["keys"]) == ("it says so", None)
    assert explanation.code.content["parts"]


def test_no_value_of_a_secret_variable_is_told(model: Any, keys: StageKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_TOKEN", SECRET)
    monkeypatch.setenv("QUOTED_PASSWORD", "it's \"5 o'clock\"")
    call = Call("id", "fit", model.train, ([SECRET], "it's \"5 o'clock\""), {"where": "s3://me:pass@host/x"})
    explanation = Explanations(keys).of(call, keys.of(call, {}), RAN)
    shown = {name: one["shown"] for name, one in explanation.stage.content["arguments"].items()}
    assert shown["rows"].startswith("['$SERVICE_TOKEN")
    assert "$QUOTED_PASSWORD" in shown["lr"]
    assert shown["where"] == "'s3://***@host/x'"
    parts = {part["name"]: part["source"] for part in explanation.code.content["parts"]}
    assert parts["explained_model.TOKEN"].startswith("'$SERVICE_TOKEN")
    assert parts["explained_model.ADDRESS"] == "'https://***@host/path'"
    told = explanation.stage.data + explanation.code.data + explanation.environment.data
    assert SECRET[:20].encode() not in told
    assert b"o'clock" not in told


def test_what_is_too_much_to_look_through_is_left_out(model: Any, keys: StageKeys) -> None:
    call = Call("id", "fit", model.train, (1,))
    read = {"files": {f"{number}.csv": "1" for number in range(30_000)}, "audited": True, "clock": ["here"]}
    stage = Explanations(keys).of(call, keys.of(call, {}), Ran([], read)).stage
    assert stage.content["observed"] == {"audited": True, "clock": ["here"]}
    assert len(stage.data) < 10_000


def test_sources_are_told_up_to_a_size(tmp_path: Path, keys: StageKeys, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = "\n".join(f"    x = x + {number}  # {'.' * 60}" for number in range(200))
    functions = "\n\n".join(f"def f{number}(x):\n{lines}\n    return x" for number in range(90))
    calls = ", ".join(f"f{number}(x)" for number in range(90))
    (tmp_path / "explained_large.py").write_text(f"{functions}\n\n\ndef train(x):\n    return {calls}\n")
    monkeypatch.syspath_prepend(tmp_path)
    call = Call("id", "fit", import_module("explained_large").train, (1,))
    code = Explanations(keys).of(call, keys.of(call, {}), RAN).code
    told = [part for part in code.content["parts"] if part["source"] is not None]
    assert len(code.content["parts"]) == 91
    assert 10 < len(told) < 91
    assert len(code.data) < 2_000_000


def test_packages_are_told_by_name_and_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "Some_Thing-1.0.dist-info",
        "old-0.1-py3.9.egg-info",
        "bare.egg-info",
        "a.b-2.0.post1+cu12.dist-info",
    ):
        (tmp_path / "one" / name).mkdir(parents=True)
    (tmp_path / "two" / "some_thing-1.1.dist-info").mkdir(parents=True)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "one"), str(tmp_path / "two")])
    assert packages() == {"a-b": "2.0.post1+cu12", "bare": "no version", "old": "0.1", "some-thing": "1.0, 1.1"}
