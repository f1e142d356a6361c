"""An exception as plain data, and made again."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from foundations.originals import described, original, type_name


class Plain(ValueError):
    pass


class Demanding(Exception):
    def __init__(self, row: int, *, column: str) -> None:
        super().__init__(f"row {row}")
        self.row, self.column, self.handle = row, column, object()

    def __str__(self) -> str:
        return f"{self.args[0]}, column {self.column}"


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


class Particular(Exception):
    def __new__(cls, *args: Any) -> "Particular":
        raise RuntimeError("can't be made")


def travelled(error: BaseException) -> dict[str, Any]:
    """What a record holds of an exception."""
    description: dict[str, Any] = json.loads(json.dumps(described(error), allow_nan=False))
    return description


def decoding_error() -> UnicodeDecodeError:
    with pytest.raises(UnicodeDecodeError) as raised:
        b"\xff".decode()
    return raised.value


@pytest.mark.parametrize(
    "error",
    [
        ValueError(),
        ValueError("text", 3, None, [1.5, {"a": True}]),
        KeyError("key"),
        FileNotFoundError(2, "No such file or directory", "data.csv"),
        ModuleNotFoundError("No module named 'x'"),
        SystemExit(3),
        KeyboardInterrupt(),
        RecursionError("maximum recursion depth exceeded"),
        Plain("mine"),
        ValueError("\udcff alone \0"),
        UnicodeError("é" * 50_000),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_exception_with_plain_arguments_is_made_again_as_it_was(error: BaseException) -> None:
    made = original(travelled(error))
    assert type(made) is type(error)
    assert str(made) == str(error)[: len(str(made))]
    assert made is not None
    assert made.args == error.args or len(str(error)) > 20_000


def test_what_builtin_types_hold_beside_their_arguments_is_there() -> None:
    missing = original(travelled(FileNotFoundError(2, "No such file or directory", "data.csv")))
    assert isinstance(missing, FileNotFoundError)
    assert (missing.errno, missing.filename) == (2, "data.csv")
    unknown = original(travelled(ModuleNotFoundError("No module named 'x'", name="x")))
    assert isinstance(unknown, ModuleNotFoundError)
    assert unknown.name == "x"


@pytest.mark.parametrize(
    "error",
    [decoding_error(), ValueError(object()), ValueError(float("nan")), ValueError((1, 2)), ValueError(b"bytes")],
    ids=["decoding", "object", "nan", "tuple", "bytes"],
)
def test_one_whose_arguments_are_not_plain_has_its_text(error: BaseException) -> None:
    made = original(travelled(error))
    assert made is not None
    assert (type(made), made.args) == (type(error), (str(error),))


def test_no_constructor_is_called_and_plain_attributes_are_there() -> None:
    made = original(travelled(Demanding(3, column="price")))
    assert isinstance(made, Demanding)
    assert (str(made), made.row, made.column) == ("row 3, column price", 3, "price")
    assert not hasattr(made, "handle")


def test_a_list_that_holds_itself_is_not_plain() -> None:
    ring: list[Any] = []
    ring.append(ring)
    assert described(ValueError(ring))["args"] is None


def test_what_can_not_be_made_here_is_none() -> None:
    class Local(Exception):
        pass

    assert original(travelled(Local("x"))) is None
    assert original({**travelled(Plain("x")), "module": "a_module_that_nobody_has"}) is None
    assert original({**travelled(Plain("x")), "name": "Nobody"}) is None
    assert original({**travelled(Plain("x")), "module": "os", "name": "_exit"}) is None
    assert original({**travelled(Plain("3")), "module": "builtins", "name": "print"}) is None
    assert original({**travelled(Plain("x")), "module": "", "name": ""}) is None
    unmade = {"module": __name__, "name": "Particular", "text": "x", "args": ["x"], "attributes": {}}
    assert original(unmade) is None


def test_a_group_has_its_members_and_what_can_not_be_made_among_them_by_name() -> None:
    class Local(Exception):
        pass

    made = original(travelled(ExceptionGroup("three", [ValueError(1), Local("x"), ExceptionGroup("in", [Plain("y")])])))
    assert isinstance(made, ExceptionGroup)
    first, unknown, inner = made.exceptions
    assert (repr(first), type(unknown)) == ("ValueError(1)", Exception)
    assert str(unknown).endswith("Local: x")
    assert isinstance(inner, ExceptionGroup)
    assert repr(inner.exceptions[0]) == "Plain('y')"
    assert str(made) == "three (3 sub-exceptions)"


def test_a_group_of_many_or_of_many_levels_is_bounded() -> None:
    error: Exception = ValueError("inside")
    for _ in range(200):
        error = ExceptionGroup("level", [error] * 30)
    assert len(json.dumps(described(error))) < 200_000
    assert isinstance(original(travelled(ExceptionGroup("many", [ValueError(1)] * 500))), ExceptionGroup)


def test_a_module_that_fails_when_it_is_imported_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fails_for_this_test.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    assert original({**travelled(Plain("x")), "module": "fails_for_this_test"}) is None


def test_a_module_is_imported_for_the_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "has_one_for_this_test.py").write_text("class Outer:\n    class Bad(Exception): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    made = original({**travelled(Plain("x")), "module": "has_one_for_this_test", "name": "Outer.Bad"})
    assert type(made).__qualname__ == "Outer.Bad"
    del sys.modules["has_one_for_this_test"]


def test_an_exception_whose_text_raises_says_so() -> None:
    assert described(Unspeakable("x"))["text"] == "<exception str() failed>"
    assert isinstance(original(travelled(Unspeakable("x"))), Unspeakable)


def test_what_an_exception_holds_is_bounded() -> None:
    error = Plain("x" * 100_000)
    error.rows = list(range(100_000))  # type: ignore[attr-defined]
    vars(error).update({f"row {number}": "x" * 1000 for number in range(100)})
    assert len(json.dumps(described(error))) < 50_000
    assert "row 0" in described(error)["attributes"]


def test_a_type_is_named_as_tracebacks_name_it() -> None:
    assert type_name(described(ValueError("x"))) == "ValueError"
    assert type_name(described(Plain("x"))) == f"{__name__}.Plain"
