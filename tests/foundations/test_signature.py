"""A call is checked on its own line, in Python's own words."""

import enum
import functools
from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from foundations.signature import arguments_of, check_call, name_of, positional_counts, signature_of


def plain(x, y=2): ...


def fixed(x, y, /, z): ...


def keywords(x, *, rate, seed=0): ...


def anything(*args, **kwargs): ...


def annotated(x: "int", y: "NotImported" = object()) -> "NotImported": ...  # type: ignore[name-defined] # noqa: B008, F821


class Model:
    def __init__(self, depth, *, width=3): ...

    def fit(self, data, rate=0.1): ...

    def __call__(self, x): ...

    @classmethod
    def load(cls, path): ...

    @staticmethod
    def score(truth, guess): ...


class MadeByNew:
    def __new__(cls, size):
        return super().__new__(cls)


@dataclass
class Config:
    rate: float
    name: str = ""


class Point(NamedTuple):
    x: int
    y: int


class Plain: ...


Pair = namedtuple("Pair", "left right")


def passes_on(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def hands_in_a_connection(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(query):
        return function("connection", query)

    return wrapper


timed = passes_on(plain)
kept = functools.lru_cache(plain)


@hands_in_a_connection
def ask(connection, query): ...


class Decorated:
    @passes_on
    def fit(self, data, rate=0.1): ...

    @passes_on
    def __init__(self): ...

    @passes_on
    def __call__(self, x): ...


def problem(call: Callable[[], object]) -> str | None:
    try:
        call()
    except TypeError as error:
        return str(error)
    return None


def checked(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> str | None:
    return problem(lambda: check_call(function, signature_of(function), args, kwargs))


CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((1,), {}),
    ((1, 2), {}),
    ((1, 2, 3), {}),
    ((1, 2, 3, 4), {}),
    ((), {"x": 1}),
    ((1,), {"x": 1}),
    ((1,), {"y": 1}),
    ((1, 2), {"y": 1}),
    ((1,), {"rate": 1}),
    ((1, 2), {"rate": 1}),
    ((1,), {"rate": 1, "nope": 2}),
    ((), {"x": 1, "y": 2, "z": 3}),
    ((1, 2), {"z": 3}),
    ((), {"self": 1}),
]

FUNCTIONS: list[Callable[..., Any]] = [
    plain,
    fixed,
    keywords,
    anything,
    annotated,
    lambda x, y: None,
    lambda *, rate: None,
    Model(1).fit,
    Model(1),
    Model,
    Model.fit,
    Model.load,
    Model.score,
    MadeByNew,
    Config,
    Point,
    Pair,
    functools.partial(plain),
    functools.partial(plain, 1),
    functools.partial(plain, y=1),
    functools.partial(fixed, 1, 2),
    functools.partial(keywords, rate=1),
    functools.partial(functools.partial(keywords, 1), seed=3),
    functools.partial(Model(1).fit, 1),
    functools.partial(Model, 1),
    timed,
    ask,
    Decorated,
    Decorated(),
    Decorated().fit,
]


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_a_wrong_call_raises_what_python_raises_and_a_right_one_passes(function: Callable[..., Any]) -> None:
    for args, kwargs in CALLS:
        assert checked(function, args, kwargs) == problem(functools.partial(function, *args, **kwargs)), (args, kwargs)


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_how_many_positions_are_a_whole_call_is_known(function: Callable[..., Any]) -> None:
    right = [count for count in range(8) if problem(functools.partial(function, *range(count))) is None]
    counts = positional_counts(signature_of(function))
    assert set(counts) <= set(right)
    if function is not anything:
        assert [*counts] == right


def test_a_function_without_a_signature_says_nothing_of_its_positions() -> None:
    assert not positional_counts(None)


def test_the_error_of_a_wrong_call_stands_alone() -> None:
    with pytest.raises(TypeError) as raised:
        check_call(plain, signature_of(plain), (), {})
    assert raised.value.__context__ is None


def test_a_function_behind_lru_cache_is_checked_like_itself() -> None:
    for args, kwargs in CALLS:
        assert checked(kept, args, kwargs) == problem(functools.partial(plain, *args, **kwargs)), (args, kwargs)


@pytest.mark.parametrize(
    ("function", "args"), [(len, ()), (len, ([], [])), (Plain, (1,)), (sorted, ()), ([].append, ()), (str.upper, ())]
)
def test_a_wrong_call_of_a_builtin_that_tells_its_signature_is_refused(
    function: Callable[..., Any], args: tuple[Any, ...]
) -> None:
    with pytest.raises(TypeError):
        function(*args)
    assert checked(function, args, {})


def test_a_builtin_that_tells_no_signature_is_not_checked() -> None:
    assert signature_of(max) is None
    assert checked(max, (), {}) is None


def test_nothing_is_called_to_check_a_call() -> None:
    class Loud:
        def __init__(self) -> None:
            raise AssertionError

        def __call__(self) -> None:
            raise AssertionError

    assert checked(Loud, (), {}) is None
    assert checked(Loud.__new__(Loud), (), {}) is None
    assert "takes 1 positional argument but 2 were given" in str(checked(Loud, (1,), {}))


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (plain, "plain"),
        (lambda: 0, "<lambda>"),
        (functools.partial(functools.partial(plain, 1), 2), "plain"),
        (Model, "Model"),
        (Model(1), "Model"),
        (Model(1).fit, "fit"),
        (functools.partial(Model(1)), "Model"),
        (len, "len"),
        (timed, "plain"),
        (kept, "plain"),
    ],
)
def test_a_callable_has_the_name_that_people_know_it_by(function: Callable[..., Any], name: str) -> None:
    assert name_of(function) == name


@pytest.mark.parametrize(
    ("function", "args", "kwargs", "named"),
    [
        (plain, (1,), {}, [("x", 1), ("y", 2)]),
        (plain, (), {"y": 3, "x": 1}, [("x", 1), ("y", 3)]),
        (keywords, (1,), {"rate": 5}, [("x", 1), ("rate", 5), ("seed", 0)]),
        (anything, (1, 2), {"b": 3, "a": 4}, [("args", (1, 2)), ("b", 3), ("a", 4)]),
        (anything, (), {}, []),
        (functools.partial(plain, 1), (5,), {}, [("y", 5)]),
        (Model(1).fit, ("d",), {}, [("data", "d"), ("rate", 0.1)]),
        (ask, ("q",), {}, [("query", "q")]),
        (max, (1, 2), {"key": abs}, [("arg0", 1), ("arg1", 2), ("key", abs)]),
    ],
)
def test_arguments_have_their_parameters_names_and_defaults_are_filled_in(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], named: list[tuple[str, Any]]
) -> None:
    assert arguments_of(signature_of(function), args, kwargs) == named


def test_an_enum_is_called_as_python_calls_it() -> None:
    color = enum.Enum("color", "RED GREEN")
    assert checked(color, (1,), {}) is None
    assert checked(color, (1, 2, 3, 4, 5, 6, 7, 8), {}) is not None
