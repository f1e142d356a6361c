"""Pairs of values that are the same, told by their digests: in one process, and in others with other hash seeds."""

import array
import collections
import contextlib
import copy
import datetime as dt
import decimal
import functools
import io
import ipaddress
import pathlib
import pickle
import random
import re
import sys
import tempfile
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.sparse as sp

from foundations import ignore
from tests.foundations.keys import samples as s
from tests.foundations.keys.differing import fitted

NAMES = [f"name {number}" for number in range(50)]
MANY = [str(number) for number in range(1000)]


def again(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def shared() -> list[Any]:
    one: list[Any] = [1, "a"]
    return [one, one, {"x": one}]


def unshared() -> list[Any]:
    return [[1, "a"], [1, "a"], {"x": [1, "a"]}]


def uninterned(text: str) -> str:
    return "".join(list(text))


def on_disk(values: Any, mode: Any = "r") -> Any:
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, values)
        return np.load(file.name, mmap_mode=mode)


def with_garbage() -> Any:
    """Return an array whose padding bytes are not those of another one that is equal."""
    kind = np.dtype([("a", "i1"), ("b", "i8")], align=True)
    raw = np.full(2 * kind.itemsize, 255, dtype="u1").view(kind)
    raw["a"], raw["b"] = [1, 2], [3, 4]
    return raw


def without_garbage() -> Any:
    made = np.zeros(2, dtype=np.dtype([("a", "i1"), ("b", "i8")], align=True))
    made["a"], made["b"] = [1, 2], [3, 4]
    return made


def long_doubles(under: int) -> Any:
    made = np.full(4 * np.dtype("g").itemsize, under, dtype="u1").view("g")
    made[:] = [1, 2, 3, 4]
    return made


def by_blocks() -> pd.DataFrame:
    return pd.DataFrame({"a": np.arange(5.0), "b": np.arange(5.0) * 2, "c": list("vwxyz")})


def column_by_column() -> pd.DataFrame:
    made = pd.DataFrame(index=range(5))
    made["a"] = np.arange(5.0)
    made["b"] = np.arange(10.0)[::2]
    made["c"] = list("vwxyz")
    return made


def under_mask(value: int) -> Any:
    return pd.array([1, None], dtype="Int64").__class__(np.array([1, value]), np.array([False, True]))


def chunked(kind: Any = None) -> Any:
    values = ["a", None, "bc", "", "d"] if kind is None else [1, None, 3, 4, 5]
    return pa.chunked_array([pa.array(values[:2], kind), pa.array(values[2:], kind)])


def whole(kind: Any = None) -> Any:
    return pa.chunked_array([pa.array(["a", None, "bc", "", "d"] if kind is None else [1, None, 3, 4, 5], kind)])


def under_null(value: int) -> Any:
    data = pa.py_buffer(np.array([1, value, 3], dtype="i8").tobytes())
    return pa.Array.from_buffers(pa.int64(), 3, [pa.py_buffer(b"\x05"), data])


def entered() -> Any:
    """Return a matrix that has been asked things and has noted the answers."""
    made = sp.csr_matrix([[0, 1], [2, 0]])
    assert made.has_sorted_indices
    assert made.has_canonical_format
    return made


def asked(masked: Any) -> Any:
    assert masked.fill_value is not None
    return masked


def deep(depth: int) -> Any:
    inside: Any = {"a": (1, "x")}
    for _ in range(depth):
        inside = [inside]
    return inside


def hashed(value: Any) -> Any:
    hash(value)
    return value


def asked_network(network: Any) -> Any:
    assert network.broadcast_address
    return network


def raised(error: Exception) -> Exception:
    with contextlib.suppress(type(error)):
        raise error
    return error


def frozen(made: Any) -> Any:
    made.flags.writeable = False
    return made


def unaligned() -> Any:
    made = np.zeros(25, dtype="u1")[1:].view("f8")
    made[:] = [0, 1, 2]
    return made


def looked_at(made: pd.DataFrame) -> pd.DataFrame:
    assert made["a"].sum()
    assert made.columns.is_unique
    assert made.index.get_loc(1) == 1
    return made


def unique(index: Any) -> Any:
    assert index.is_unique
    assert index.get_loc("b") == 1
    return index


def by_keys(items: list[tuple[int, int, int]]) -> Any:
    made = sp.dok_matrix((2, 2), dtype=int)
    for row, column, value in items:
        made[row, column] = value
    return made


PAIRS: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "ints": (lambda: 257, lambda: int("257")),
    "large ints": (lambda: 10**100, lambda: int("1" + "0" * 100)),
    "nan": (lambda: float("nan"), lambda: float("nan")),
    "nan inside": (lambda: [float("nan"), (float("nan"),)], lambda: [float("nan"), (float("nan"),)]),
    "nan in a set": (lambda: {float("nan"), 1.0}, lambda: {1.0, float("nan")}),
    "interned": (lambda: sys.intern("some_name"), lambda: uninterned("some_name")),
    "interned inside": (lambda: {sys.intern("key"): [sys.intern("x")]}, lambda: {uninterned("key"): [uninterned("x")]}),
    "set": (lambda: set(NAMES), lambda: {*reversed(NAMES)}),
    "set of ints": (lambda: {*range(0, 10**6, 1001)}, lambda: {*range(10**6 - 10**6 % 1001, -1, -1001)}),
    "frozenset": (lambda: frozenset(NAMES), lambda: frozenset(reversed(NAMES))),
    "set of tuples": (lambda: {(name, 1) for name in NAMES}, lambda: {(name, 1) for name in reversed(NAMES)}),
    "set of mixed": (lambda: {1, "a", None, 2.0, (3,)}, lambda: {(3,), 2.0, None, "a", 1}),
    "set of frozensets": (
        lambda: {frozenset(NAMES[n : n + 3]) for n in range(40)},
        lambda: {frozenset(reversed(NAMES[n : n + 3])) for n in range(39, -1, -1)},
    ),
    "set of objects": (
        lambda: {dt.date(2024, 1, n + 1) for n in range(28)},
        lambda: {dt.date(2024, 1, n + 1) for n in range(27, -1, -1)},
    ),
    "set in a dict": (lambda: {"x": {"a", "b", "c"}, "y": 1.5}, lambda: {"x": {"c", "b", "a"}, "y": 1.5}),
    "set of a class": (lambda: s.Set(NAMES), lambda: s.Set(reversed(NAMES))),
    "set that shrank": (lambda: set(MANY[:5]), lambda: set(MANY) - set(MANY[5:])),
    "set beside an object": (
        lambda: [set(NAMES), dt.date(2024, 1, 1)],
        lambda: [{*reversed(NAMES)}, dt.date(2024, 1, 1)],
    ),
    "keys of a set": (lambda: {frozenset(NAMES): 1}, lambda: {frozenset(reversed(NAMES)): 1}),
    "dict that shrank": (
        lambda: {"a": 1, "b": 2},
        lambda: (found := {"z": 0, "a": 1, "b": 2}, found.pop("z"), found)[-1],
    ),
    "aliased": (shared, unshared),
    "aliased objects": (lambda: [d := s.Plain(a=1), d], lambda: [s.Plain(a=1), s.Plain(a=1)]),
    "aliased arrays": (lambda: [a := np.arange(5), a], lambda: [np.arange(5), np.arange(5)]),
    "aliased beside an object": (lambda: [x := [1], x, dt.date(2024, 1, 1)], lambda: [[1], [1], dt.date(2024, 1, 1)]),
    "deep": (lambda: deep(50), lambda: copy.deepcopy(deep(50))),
    "deque": (lambda: collections.deque([1, 2]), lambda: (d := collections.deque([0, 1, 2]), d.popleft(), d)[-1]),
    "ordered dict": (
        lambda: collections.OrderedDict(b=1, a=2),
        lambda: (d := collections.OrderedDict(a=2, b=1), d.move_to_end("a"), d)[-1],
    ),
    "default dict": (lambda: s.table(int, a=1), lambda: (d := s.table(int), d.update(a=1), d)[-1]),
    "counter": (lambda: collections.Counter("abca"), lambda: collections.Counter(a=2, b=1, c=1)),
    "memoryviews": (lambda: memoryview(b"abcdef")[::2], lambda: memoryview(b"ace")),
    "bytearrays": (lambda: bytearray(b"abc"), lambda: (b := bytearray(b"xabc"), b.pop(0), b)[-1]),
    "standard arrays": (lambda: array.array("d", [1, 2]), lambda: array.array("d", (1.0, 2.0))),
    "paths": (lambda: pathlib.Path("a/b"), lambda: pathlib.Path("a", ".", "b")),
    "path parts": (lambda: pathlib.Path("a//b/"), lambda: pathlib.Path("a") / "b"),
    "hashed paths": (lambda: hashed(pathlib.Path("a/b")), lambda: pathlib.Path("a/b")),
    "patterns": (lambda: re.compile("a+", re.IGNORECASE), lambda: re.compile("a+", re.I)),
    "uuids": (
        lambda: uuid.UUID("12345678123456781234567812345678"),
        lambda: uuid.UUID(int=0x12345678123456781234567812345678),
    ),
    "addresses": (lambda: ipaddress.ip_address("::1"), lambda: ipaddress.ip_address("0:0:0:0:0:0:0:1")),
    "hashed networks": (
        lambda: asked_network(ipaddress.ip_network("1.2.3.0/24")),
        lambda: ipaddress.ip_network("1.2.3.0/24"),
    ),
    "decimals": (lambda: decimal.Decimal("1.10"), lambda: decimal.Decimal(110) / 100 + decimal.Decimal("0.00")),
    "zones": (lambda: zoneinfo.ZoneInfo("Europe/Berlin"), lambda: zoneinfo.ZoneInfo.no_cache("Europe/Berlin")),
    "hashed dates": (
        lambda: hashed(dt.datetime(2024, 1, 1, tzinfo=dt.UTC)),
        lambda: dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
    ),
    "enum alias": (lambda: s.Color.RED, lambda: s.Color.ROUGE),
    "enum by value": (lambda: s.Color.GREEN, lambda: s.Color(2)),
    "flags": (lambda: s.Flags.A | s.Flags.B, lambda: s.Flags.B | s.Flags.A),
    "asked flags": (lambda: (~s.Flags.A, s.Flags.A)[1], lambda: s.Flags.A),
    "ranges": (lambda: range(0, 10, 2), lambda: range(0, 10, 2)),
    "generators of numbers": (
        lambda: s.generator_at(1, 2),
        lambda: (r := random.Random(), r.setstate(s.generator_at(1, 2).getstate()), r)[-1],
    ),
    "numpy generators": (lambda: np.random.default_rng(1), lambda: np.random.Generator(np.random.PCG64(1))),
    "instances": (lambda: s.Plain(a=1, b=[2]), lambda: again(s.Plain(a=1, b=[2]))),
    "instance with state": (lambda: s.WithState(1, 2), lambda: s.WithState(1, 3)),
    "slots": (lambda: s.SlottedToo(1, 2), lambda: again(s.SlottedToo(1, 2))),
    "dataclass": (lambda: s.Data(1), lambda: s.Data(1, 2)),
    "frozen dataclass": (lambda: s.FrozenData(1), lambda: s.FrozenData(1, 2)),
    "attrs": (lambda: s.Attrs(1), lambda: s.Attrs(1, 2)),
    "pydantic": (
        lambda: s.Model(left=1, right=3),
        lambda: s.Model.model_validate({"right": 3, "left": 1}).model_copy(),
    ),
    "tuple of a class": (lambda: s.Pair(1, 2), lambda: s.Pair(right=2, left=1)),
    "keyed": (lambda: s.Keyed(1, io.BytesIO()), lambda: s.Keyed(1, sys.stdin)),
    "keyed dict": (lambda: s.KeyedDict(a=1, b=2), lambda: s.KeyedDict(b=3, a=4)),
    "ignored": (lambda: ignore(1), lambda: ignore(print)),
    "ignored inside": (lambda: {"a": [1, ignore(1)]}, lambda: {"a": [1, ignore(sys.stdin)]}),
    "exceptions": (lambda: raised(ValueError("a", 1)), lambda: ValueError("a", 1)),
    "functions": (lambda: functools.partial(s.first, 1, x=2), lambda: again(functools.partial(s.first, 1, x=2))),
    "bound methods": (lambda: s.Plain(a=1).method, lambda: again(s.Plain(a=1)).method),
    "views": (lambda: np.arange(20)[::2], lambda: np.arange(0, 20, 2)),
    "reversed views": (lambda: np.arange(5)[::-1], lambda: np.array([4, 3, 2, 1, 0])),
    "broadcast": (lambda: np.broadcast_to(np.int64(3), (4, 2)), lambda: np.full((4, 2), 3)),
    "slices of columns": (lambda: np.arange(12).reshape(3, 4)[:, 1:3], lambda: np.array([[1, 2], [5, 6], [9, 10]])),
    "transposed twice": (
        lambda: np.arange(6).reshape(2, 3).T.copy(order="C"),
        lambda: np.array([[0, 3], [1, 4], [2, 5]]),
    ),
    "fortran order": (lambda: np.arange(6).reshape(2, 3).T, lambda: np.asfortranarray([[0, 3], [1, 4], [2, 5]])),
    "memory maps": (lambda: on_disk(np.arange(100.0)), lambda: np.arange(100.0)),
    "memory maps to copy": (lambda: on_disk(np.arange(100.0), "c"), lambda: on_disk(np.arange(100.0))),
    "read-only": (lambda: frozen(np.arange(3)), lambda: np.arange(3)),
    "unaligned": (unaligned, lambda: np.arange(3.0)),
    "large arrays": (lambda: np.arange(5_000_000), lambda: np.arange(10_000_000).reshape(-1, 2)[:, 0] // 2),
    "native order": (lambda: np.arange(3, dtype="<i8"), lambda: np.arange(3, dtype="=i8")),
    "padding": (with_garbage, without_garbage),
    "padding in a view": (lambda: np.repeat(with_garbage(), 2)[::2], without_garbage),
    "long doubles": (lambda: long_doubles(255), lambda: long_doubles(0)),
    "objects in arrays": (
        lambda: np.array(["a", None, 1], dtype=object),
        lambda: np.array(["a", 0, None, 0, 1], dtype=object)[::2],
    ),
    "strings in arrays": (
        lambda: np.array(["a", "b" * 100], dtype=np.dtypes.StringDType()),
        lambda: np.array(["a", "", "b" * 100], dtype=np.dtypes.StringDType())[[0, 2]],
    ),
    "masked": (lambda: asked(np.ma.MaskedArray([1, 2], [0, 1])), lambda: np.ma.MaskedArray([1, 2], [0, 1])),
    "blocks": (by_blocks, column_by_column),
    "frames again": (by_blocks, lambda: again(by_blocks())),
    "rows of a frame": (lambda: pd.concat([by_blocks(), by_blocks()]).iloc[:5].set_axis(pd.RangeIndex(5)), by_blocks),
    "columns of a frame": (lambda: by_blocks()[["a", "c"]], lambda: by_blocks().drop(columns="b")),
    "cached columns": (lambda: looked_at(by_blocks()), by_blocks),
    "matrix in a frame": (
        lambda: pd.DataFrame(np.arange(6).reshape(3, 2)),
        lambda: pd.DataFrame({0: [0, 2, 4], 1: [1, 3, 5]}, columns=pd.RangeIndex(2)),
    ),
    "under the mask": (lambda: under_mask(0), lambda: under_mask(99)),
    "categories": (
        lambda: pd.Series(["a", "b"], dtype="category"),
        lambda: pd.Series(["b", "a"], dtype="category").iloc[::-1].set_axis(pd.RangeIndex(2)),
    ),
    "hashed indexes": (lambda: unique(pd.Index(["a", "b"])), lambda: pd.Index(["a", "b"])),
    "multi index": (
        lambda: pd.MultiIndex.from_tuples([(0, "a"), (1, "b")]),
        lambda: again(pd.MultiIndex.from_tuples([(0, "a"), (1, "b")])),
    ),
    "arrow strings in pandas": (
        lambda: pd.Series(["a", None, "b"], dtype="str"),
        lambda: pd.concat([pd.Series(["a", None], dtype="str"), pd.Series(["b"], dtype="str")], ignore_index=True),
    ),
    "arrow in pandas": (
        lambda: pd.Series([1, None], dtype=pd.ArrowDtype(pa.int64())),
        lambda: pd.Series([0, 1, None], dtype=pd.ArrowDtype(pa.int64())).iloc[1:].set_axis(pd.RangeIndex(2)),
    ),
    "chunks of strings": (chunked, whole),
    "chunks of numbers": (lambda: chunked(pa.int64()), lambda: whole(pa.int64())),
    "chunks of a table": (
        lambda: pa.concat_tables([pa.table({"a": [1]}), pa.table({"a": [2]})]),
        lambda: pa.table({"a": [1, 2]}),
    ),
    "chunks of categories": (
        lambda: pa.chunked_array([pa.array(["a"]).dictionary_encode(), pa.array(["b"]).dictionary_encode()]),
        lambda: pa.chunked_array([pa.array(["a", "b"]).dictionary_encode()]),
    ),
    "no chunk": (lambda: pa.chunked_array([], pa.int64()), lambda: pa.chunked_array([pa.array([], pa.int64())])),
    "offsets": (lambda: pa.array([0, 1, None, 3]).slice(1), lambda: pa.array([1, None, 3])),
    "offsets of strings": (lambda: pa.array(["x", "a", None, "b"]).slice(1), lambda: pa.array(["a", None, "b"])),
    "offsets of bits": (lambda: pa.array([True, False, None, True]).slice(1), lambda: pa.array([False, None, True])),
    "offsets of lists": (
        lambda: pa.array([[0], [1, None], None, []]).slice(1),
        lambda: pa.array([[1, None], None, []]),
    ),
    "offsets of structs": (lambda: pa.array([{"a": 0}, {"a": 1}, None]).slice(1), lambda: pa.array([{"a": 1}, None])),
    "offsets of fixed lists": (
        lambda: pa.array([[0, 1], [2, 3]], pa.list_(pa.int64(), 2)).slice(1),
        lambda: pa.array([[2, 3]], pa.list_(pa.int64(), 2)),
    ),
    "offsets of maps": (
        lambda: pa.array([[("x", 0)], [("a", 1)], None], pa.map_(pa.string(), pa.int64())).slice(1),
        lambda: pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
    ),
    "offsets of tables": (
        lambda: pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}).slice(1),
        lambda: pa.table({"a": [2, 3], "b": ["y", "z"]}),
    ),
    "under a null": (lambda: under_null(0), lambda: under_null(99)),
    "polars chunks": (
        lambda: pl.concat([pl.DataFrame({"a": [1], "b": ["x"]}), pl.DataFrame({"a": [2], "b": ["y"]})], rechunk=False),
        lambda: pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
    ),
    "polars slices": (
        lambda: pl.DataFrame({"a": [0, 1, None], "b": ["x", "y", None]})[1:],
        lambda: pl.DataFrame({"a": [1, None], "b": ["y", None]}),
    ),
    "polars categories": (
        lambda: (pl.Series(["z", "y"], dtype=pl.Categorical), pl.Series(["a"], dtype=pl.Categorical))[1],
        lambda: pl.Series(["a"], dtype=pl.Categorical),
    ),
    "polars again": (
        lambda: pl.DataFrame({"a": [[1], []], "b": [{"x": 1}, None]}),
        lambda: again(pl.DataFrame({"a": [[1], []], "b": [{"x": 1}, None]})),
    ),
    "polars sorted": (lambda: pl.Series([1, 2]).sort(), lambda: pl.Series([1, 2])),
    "sparse": (entered, lambda: sp.csr_matrix([[0, 1], [2, 0]])),
    "sparse by keys": (lambda: sp.dok_matrix([[0, 1], [2, 0]]), lambda: by_keys([(1, 0, 2), (0, 1, 1)])),
    "estimators": (lambda: fitted(1), lambda: again(fitted(1))),
    "circle": (lambda: s.ring(3, 1, 2, 3), lambda: again(s.ring(3, 1, 2, 3))),
    "circle of objects": (lambda: s.tree(4), lambda: again(s.tree(4))),
    "circle through a set": (
        lambda: s.graph("abcde", "ab", "bc", "cd", "de", "ea")["a"],
        lambda: s.graph("edcba", "ea", "de", "cd", "bc", "ab")["a"],
    ),
    "circle in a set": (lambda: [*s.graph("abc", "ab", "bc").values()], lambda: [*s.graph("abc", "bc", "ab").values()]),
}
