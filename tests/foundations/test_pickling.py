"""A graph as bytes: what travels how, and what can't travel at all."""

import functools
import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from foundations import create_stage
from foundations.errors import UnpicklableStage
from foundations.pickling import pickle_graph

LOCK = threading.Lock()


class Box:
    def __init__(self, **content: Any) -> None:
        self.__dict__.update(content)

    def fit(self) -> None: ...


@dataclass(slots=True)
class Slotted:
    lock: Any


class Refusing:
    def __reduce__(self) -> Any:
        raise RuntimeError("not this one")


@create_stage
class BehindItsName:
    def value(self) -> int:
        with LOCK:
            return 3


@create_stage
def behind_its_name(x: int) -> int:
    with LOCK:
        return x + 1


@create_stage
def train(data: Any, cfg: Any = None, **more: Any) -> Any:
    return data


def failure(stage: Any, root: Path) -> UnpicklableStage:
    with pytest.raises(UnpicklableStage) as raised:
        pickle_graph(stage.graph(), root)
    return raised.value


@pytest.mark.parametrize(
    ("args", "kwargs", "argument", "path"),
    [
        ((1, Box(client=Box(lock=threading.Lock()))), {}, "cfg", "cfg.client.lock is a lock"),
        ((threading.Lock(),), {}, "data", "data is a lock"),
        (([1, {"key": (threading.Lock(),)}],), {}, "data", "data[1]['key'][0] is a lock"),
        ((1,), {"extra": {"a": Box(b=open)}, "bad": Box(rows=(x for x in ()))}, "bad", "bad.rows is a generator"),
        ((Refusing(),), {}, "data", "data is a Refusing (not this one)"),
        (({threading.Lock()},), {}, "data", "data[0] is a lock"),
        ((lambda: LOCK,), {}, "data", "data.LOCK is a lock"),
        ((functools.partial(print, file=threading.Lock()),), {}, "data", "data.keywords['file'] is a lock"),
        ((Slotted(threading.Lock()),), {}, "data", "data.lock is a lock"),
    ],
)
def test_what_can_not_travel_is_named_by_stage_argument_and_path(
    tmp_path: Path, args: tuple[Any, ...], kwargs: dict[str, Any], argument: str, path: str
) -> None:
    stage = train(*args, **kwargs)
    error = failure(train(stage), tmp_path)
    assert (error.stage, error.argument) == (stage.uuid(), argument)
    said = str(error)
    assert said.startswith(f"the argument {argument} of stage train can't be pickled: {path}")
    assert said.endswith("; make it inside the stage, or pass what it is made from")
    assert isinstance(error, TypeError)


def test_a_function_that_holds_what_can_not_travel_is_named_with_it(tmp_path: Path) -> None:
    lock = threading.Lock()

    @create_stage
    def locked() -> None:
        lock.acquire()

    error = failure(locked(), tmp_path)
    assert error.argument is None
    assert str(error).startswith("the function of stage locked can't be pickled: locked.lock is a lock (cannot pickle ")


def test_a_variable_that_has_no_value_yet_does_not_end_the_search(tmp_path: Path) -> None:
    def made() -> Any:
        def inner() -> Any:
            return lock, later  # noqa: F821 - that is the point

        lock, later = threading.Lock(), None
        del later
        return inner

    error = failure(create_stage(made())(), tmp_path)
    assert str(error).startswith("the function of stage inner can't be pickled: inner.lock is a lock")


def test_a_bound_method_is_named_with_its_object(tmp_path: Path) -> None:
    error = failure(create_stage(Box(connection=Box(lock=threading.Lock())).fit)(), tmp_path)
    assert "the function of stage fit can't be pickled: fit.__self__.connection.lock is a lock" in str(error)


def test_an_object_that_holds_itself_does_not_end_the_search(tmp_path: Path) -> None:
    inner = Box()
    box = Box(inner=inner, lock=threading.Lock())
    inner.__dict__["outer"] = [box]
    assert ": data.lock is a lock" in str(failure(train(box), tmp_path))


def test_the_first_stage_that_can_not_travel_is_the_one_that_is_named(tmp_path: Path) -> None:
    good, bad = train(1), train(threading.Lock())
    error = failure(train([good, bad], train(threading.Lock())), tmp_path)
    assert error.stage == bad.uuid()


@pytest.mark.parametrize("argument", [logging.getLogger("x"), os, Box, len, Box().fit, lambda x: x, ...])
def test_what_cloudpickle_can_pickle_travels(tmp_path: Path, argument: Any) -> None:
    graph = train(argument).graph()
    assert pickle.loads(pickle_graph(graph, tmp_path)).target == graph.target


def test_a_decorated_function_travels_by_its_name(tmp_path: Path) -> None:
    pickled = pickle_graph(behind_its_name(1).graph(), tmp_path)
    assert b"with LOCK" not in pickled
    function = pickle.loads(pickled).calls[0].function
    assert function is behind_its_name.__wrapped__  # type: ignore[attr-defined]


def test_a_decorated_class_and_what_is_made_of_it_travel_by_its_name(tmp_path: Path) -> None:
    pickled = pickle_graph(train(BehindItsName(), cfg=BehindItsName.__wrapped__()).graph(), tmp_path)  # type: ignore[attr-defined]
    assert b"with LOCK" not in pickled
    made, used = pickle.loads(pickled).calls
    assert made.function is BehindItsName.__wrapped__  # type: ignore[attr-defined]
    assert used.kwargs["cfg"].value() == 3


def test_a_function_that_only_the_driver_has_decorated_travels_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plain(x: int) -> int:
        return x

    plain.__qualname__ = "plain"
    monkeypatch.setattr(sys.modules[__name__], "plain", create_stage(plain), raising=False)
    pickled = pickle_graph(sys.modules[__name__].plain(3).graph(), tmp_path)
    assert pickle.loads(pickled).calls[0].function is plain
    monkeypatch.setattr(sys.modules[__name__], "plain", plain)
    assert pickle.loads(pickled).calls[0].function is plain


def test_a_function_made_by_a_function_travels_by_value(tmp_path: Path) -> None:
    def made(step: int) -> Callable[[int], int]:
        @create_stage
        def function(x: int) -> int:
            return x + step

        return function

    graph = pickle.loads(pickle_graph(made(2)(made(5)(1)).graph(), tmp_path))
    assert [call.function(10) for call in graph.calls] == [15, 12]


DRIVER = """
    import sys
    from dataclasses import dataclass
    from pathlib import Path

    from foundations import create_stage
    from foundations.pickling import pickle_graph
    from models import helpers

    @dataclass
    class Config:
        rate: float = 0.1

        def doubled(self):
            return self.rate * 2

    def train(config, fail=False):
        def inner():
            if fail:
                raise ValueError(fail)
            return Path(__file__).with_name("data.txt").read_text()
        return config.doubled(), inner(), helpers.squared(3)

    stage = create_stage(helpers.by_value)(create_stage(train)(Config(), lambda: Config))
    sys.stdout.buffer.write(pickle_graph(stage.graph(), Path(sys.argv[1]).resolve(), directory=sys.argv[2]))
"""
HELPERS = """
    def squared(x):
        return x * x

    by_value = (lambda: lambda x: squared(3))()
"""
WORKER = """
    import pickle, sys, traceback
    from foundations.graph import Upstream
    train, last = pickle.loads(sys.stdin.buffer.read()).calls
    print(*train.function(train.args[0]), last.function(1))
    try:
        train.function(train.args[0], "the reason")
    except ValueError:
        traceback.print_exc()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "a secret place"
    (root / "models").mkdir(parents=True)
    (root / "models" / "__init__.py").touch()
    (root / "models" / "helpers.py").write_text(dedent(HELPERS))
    (root / "sub").mkdir()
    for place in (root, root / "sub"):
        (place / "driver.py").write_text(dedent(DRIVER))
        (place / "data.txt").write_text(f"data of {place.name}")
    return root


def pickled_by(driver: Path, root: Path, directory: str = ".") -> bytes:
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, str(driver), str(root), directory]
    return subprocess.run(command, env=environment, capture_output=True, check=True, cwd=root).stdout


def unpickled(pickled: bytes, root: Path, directory: str = ".") -> tuple[str, str]:
    moved = root.rename(root.with_name("elsewhere"))
    done = subprocess.run(
        [sys.executable, "-c", dedent(WORKER)],
        input=pickled,
        env={**os.environ, "PYTHONPATH": str(moved)},
        capture_output=True,
        check=True,
        cwd=moved / directory,
    )
    return done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("driver", ["driver.py", "sub/driver.py"])
@pytest.mark.parametrize("directory", [".", "sub"])
def test_a_drivers_functions_travel_without_a_path_of_its_machine(folder: Path, driver: str, directory: str) -> None:
    pickled = pickled_by(folder / driver, folder, directory)
    assert b"a secret place" not in pickled
    said, complaint = unpickled(pickled, folder, directory)
    assert said == f"0.2 data of {'a secret place' if driver == 'driver.py' else 'sub'} 9 9\n"
    assert f'File "{driver}", line ' in complaint


def test_a_driver_that_is_reached_through_a_link_travels_without_a_path_too(folder: Path) -> None:
    link = folder.with_name("link to it")
    link.symlink_to(folder)
    pickled = pickled_by(link / "driver.py", folder)
    assert b"a secret place" not in pickled
    assert b"link to it" not in pickled
    assert "data of a secret place" in unpickled(pickled, folder)[0]


def test_equal_drivers_in_different_folders_give_equal_bytes(folder: Path) -> None:
    first = pickled_by(folder / "driver.py", folder)
    moved = folder.rename(folder.with_name("another place"))
    second = pickled_by(moved / "driver.py", moved)
    assert len(first) == len(second)


@pytest.mark.parametrize("mode", ["r", "w", "rb"])
def test_an_open_file_is_named_whatever_its_mode(tmp_path: Path, mode: str) -> None:
    (tmp_path / "data.csv").write_text("1,2")

    def read(file: Any) -> str:
        return str(file.read())

    with (
        (tmp_path / "data.csv").open(mode) as file,
        pytest.raises(UnpicklableStage, match="argument file of stage read"),
    ):
        pickle_graph(create_stage(read)(file).graph(), tmp_path)
