"""A stage depends on what it is given by a function that read it for another stage, or before any."""

import sys
import types
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from foundations import current
from foundations.keys.observed import Observed, still_holds
from foundations.keys.observer import Observer

MODEL = """
import os
from functools import cache, lru_cache
from pathlib import Path


@lru_cache(maxsize=None)
def config():
    return Path("config").read_text() + str(os.environ.get("OBSERVED_MODE"))


@cache
def outer():
    return config() * 2


@cache
def pure(n):
    return n + 1


class Table:
    @staticmethod
    @cache
    def rows():
        return Path("rows").read_text()


def helps():
    Path("config").read_text()
    return config()
"""


class Closure:
    def __init__(self, *functions: types.FunctionType) -> None:
        self.codes = frozenset(function.__code__ for function in functions)

    def covers(self, code: types.CodeType) -> bool:
        return code in self.codes


@pytest.fixture
def model(observer: Observer, root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    (root / "observed_memory.py").write_text(MODEL)
    (root / "config").write_text("1")
    (root / "rows").write_text("1")
    monkeypatch.syspath_prepend(str(root))
    yield import_module("observed_memory")
    del sys.modules["observed_memory"]


def run(observer: Observer, function: Callable[[], Any], closure: Any = None) -> Observed:
    watch = observer.watching("stage", closure)
    with current.running("stage"), watch:
        function()
    return watch.observed


def test_what_one_stage_has_read_another_depends_on(observer: Observer, root: Path, model: Any) -> None:
    first, second, third = (run(observer, model.config) for _ in range(3))
    assert first.files == second.files == third.files
    assert list(second.files) == ["config"]
    assert second.variables == {"OBSERVED_MODE": None}
    (root / "config").write_text("2")
    assert still_holds(third, root=root) == "file config changed"


def test_a_stage_that_does_not_use_it_does_not_depend_on_it(observer: Observer, model: Any) -> None:
    run(observer, model.config)
    assert run(observer, lambda: model.pure(1)).files == {}
    run(observer, lambda: model.pure(1))
    closure = Closure(model.pure.__wrapped__)
    assert run(observer, lambda: model.pure(1), closure).files == {}


def test_what_is_kept_of_what_was_kept(observer: Observer, model: Any) -> None:
    run(observer, model.config)
    run(observer, model.outer)
    assert list(run(observer, model.outer).files) == ["config"]


def test_what_a_stage_read_itself_before_is_no_excuse(observer: Observer, model: Any) -> None:
    run(observer, model.helps)
    assert list(run(observer, model.config).files) == ["config"]


def test_functions_of_classes(observer: Observer, model: Any) -> None:
    run(observer, model.Table.rows)
    assert list(run(observer, model.Table.rows).files) == ["rows"]


def test_what_was_kept_before_anybody_looked_is_let_go(observer: Observer, model: Any) -> None:
    model.config()
    assert list(run(observer, model.config).files) == ["config"]
    model.outer()
    assert list(run(observer, model.outer).files) == ["config"]


def test_what_a_stage_has_made_is_kept(observer: Observer, model: Any) -> None:
    run(observer, model.config)
    run(observer, model.config)
    assert model.config.cache_info()[:2] == (1, 1)


def test_a_stage_that_is_not_cached_fills_it_meanwhile(observer: Observer, model: Any) -> None:
    with observer.watching("cached"), current.running("not cached"):
        model.config()
    assert list(run(observer, model.config).files) == ["config"]
    assert model.config.cache_info()[:2] == (1, 1)


def test_a_file_that_has_changed_since_spoils(observer: Observer, root: Path, model: Any) -> None:
    run(observer, model.config)
    (root / "config").write_text("other")
    assert run(observer, model.config).spoiled == ("file config changed while the stage ran",)


def test_what_a_module_reads_counts_for_the_stages_behind_the_one_that_imports_it(
    observer: Observer, root: Path, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "observed_late.py").write_text("from pathlib import Path\nVALUE = Path('config').read_text()\n")

    def stage() -> None:
        import observed_late  # type: ignore[import-not-found]

        assert observed_late.VALUE == "1"

    try:
        first, second = run(observer, stage), run(observer, stage)
    finally:
        sys.modules.pop("observed_late", None)
    assert list(first.files) == list(second.files) == ["config"]


class Proxy:
    """Raises whatever it is asked, as those of web frameworks do out of a request."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("out of context")


def test_odd_modules_and_odd_globals_are_not_asked(observer: Observer, root: Path, model: Any) -> None:
    model.proxy = model.time = Proxy()
    exec(compile("def uses(): return proxy, time", model.__file__, "exec"), vars(model))
    sys.modules["observed_odd"] = Proxy()  # type: ignore[assignment]
    sys.modules["observed_none"] = None  # type: ignore[assignment]
    try:
        observed = run(observer, model.uses, Closure(model.uses))
    finally:
        del sys.modules["observed_odd"], sys.modules["observed_none"]
    assert not observed.spoiled
