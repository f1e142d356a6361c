"""Families of values: every two of a family differ, and so must their digests."""

import array
import datetime as dt
import decimal
import fractions
import functools
import io
import ipaddress
import math
import operator
import pathlib
import random
import re
import struct
import types
import uuid
import zoneinfo
from collections import ChainMap, Counter, OrderedDict, UserDict, deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression, Ridge

from tests.foundations.keys import samples as s


def other_nan() -> float:
    return float(struct.unpack(">d", bytes.fromhex("7ff8000000000001"))[0])


def deep(depth: int, inside: Any) -> Any:
    for _ in range(depth):
        inside = [inside]
    return inside


def masked(data: list[Any], mask: Any, *, fill: Any = None, hard: bool = False) -> Any:
    return np.ma.MaskedArray(data, mask=mask, fill_value=fill, hard_mask=hard)


def frame(**changes: Any) -> pd.DataFrame:
    made = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def noted(**notes: Any) -> pd.DataFrame:
    made = frame()
    made.attrs.update(notes)
    return made


def fitted(c: float) -> Any:
    return LogisticRegression(C=c).fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])


FAMILIES: dict[str, Callable[[], list[Any]]] = {
    "plain": lambda: [
        None, True, False, 0, 1, -1, 2, 1.0, 0.0, -0.0, 2.0, 1j, 1 + 0j, complex(1, -0.0), "1", "", b"", b"1", "True", "None",
        math.inf, -math.inf, math.nan, -math.nan, other_nan(), 5e-324, 2**31, 2**31 - 1, -(2**31), 2**63, 2**64, 10**5000,
        10**5000 + 1, -(10**5000), "é", "e\u0301", "\ud800", "\0", "a\0", ..., NotImplemented, bytearray(b"1"), bytearray(),
        memoryview(b"1"), memoryview(bytearray(b"1")), int, float, object, type(None), type,
    ],
    "numbers of libraries": lambda: [
        1, 1.0, True, np.float64(1), np.float32(1), np.float16(1), np.int64(1), np.int32(1), np.uint8(1), np.bool_(True),
        np.longdouble(1), np.complex128(1), np.str_("1"), np.bytes_(b"1"), np.array(1), np.array(1.0), np.datetime64(1, "s"),
        np.timedelta64(1, "s"), np.timedelta64(1, "ms"), decimal.Decimal(1), decimal.Decimal("1.0"), decimal.Decimal("1.00"),
        fractions.Fraction(1), s.Int(1), s.Float(1), s.Number.ONE, s.Word.ONE, s.Flags.A, s.Color.RED, pd.NaT, pd.NA,
        np.datetime64("NaT"), np.float64("nan"), math.nan, decimal.Decimal("nan"), decimal.Decimal("snan"),
        decimal.Decimal("-0"), decimal.Decimal("0"), decimal.Decimal("0E+1"),
    ],
    "containers": lambda: [
        [], (), {}, set(), frozenset(), [[]], [()], ([],), [{}], {(): ()}, [None], [[], []], [[[]]], deque(), deque([], 3),
        OrderedDict(), Counter(), ChainMap(), ChainMap({}, {}), s.table(int), s.table(list), s.table(None), s.List(), s.Tuple(),
        s.Dict(), s.Set(), s.Frozen(), types.SimpleNamespace(), types.MappingProxyType({}), UserDict(), array.array("b"),
        array.array("h"), range(0), range(0, 0, 2), range(1, 1), slice(None), slice(0), slice(0, None), slice(None, None, 1),
        {}.keys(), {}.values(), {}.items(), np.array([]), pd.Series([], dtype="float64"), pd.DataFrame(), pl.DataFrame(),
    ],
    "lists": lambda: [
        [1, 2], [2, 1], (1, 2), [1, 2, 2], [1, [2]], [[1], 2], [[1, 2]], ["1", "2"], ["12"], ["1,", "2"], [b"1", b"2"], [1, 2.0],
        [True, 2], {1, 2}, frozenset({1, 2}), {1: 2}, {2: 1}, [12], deque([1, 2]), s.limited(1, 2, most=2), s.limited(1, 2, most=3),
        s.List([1, 2]), s.Tuple([1, 2]), s.Pair(1), s.Pair(1, 3), s.Couple(1), array.array("i", [1, 2]), array.array("l", [1, 2]),
        np.array([1, 2]), {1, 2, 3}, {1, 2.5}, {1, "2"}, {"1", "2"}, {b"1", b"2"}, {(1, 2)}, {(2, 1)}, {frozenset({1, 2})},
    ],
    "dicts": lambda: [
        {"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2, "b": 1}, {"a": 1}, {"a": 1, "b": None}, {"a": {"b": 2}}, {b"a": 1, "b": 2},
        OrderedDict(a=1, b=2), OrderedDict(b=2, a=1), Counter(a=1, b=2), Counter(b=2, a=1), UserDict(a=1, b=2), s.Dict(a=1, b=2),
        s.table(int, a=1, b=2), s.table(float, a=1, b=2), s.table(s.first, a=1, b=2), s.table(s.second, a=1, b=2),
        ChainMap({"a": 1, "b": 2}), ChainMap({"a": 1}, {"b": 2}), ChainMap({"b": 2}, {"a": 1}),
        types.MappingProxyType({"a": 1, "b": 2}), types.MappingProxyType({"b": 2, "a": 1}), types.SimpleNamespace(a=1, b=2),
        types.SimpleNamespace(a=1, b=3), s.Plain(a=1, b=2), [("a", 1), ("b", 2)], ["a", 1, "b", 2], {"a": 1, "b": 2}.items(),
        {"a": 1, "b": 2}.keys(), {"a": 1, "b": 2}.values(), s.with_note(s.Dict(a=1, b=2), 1), s.Shy(a=1, b=2), s.Shy(a=1),
        {1: "a", 2: "b"}, {1.0: "a", 2: "b"}, {True: "a", 2: "b"}, {("a",): 1}, {(s.Int(1),): 1}, {(1,): 1},
    ],
    "beside what is not plain": lambda: [
        [1, dt.date(2024, 1, 1)], [1.0, dt.date(2024, 1, 1)], [True, dt.date(2024, 1, 1)], ["1", dt.date(2024, 1, 1)],
        [b"1", dt.date(2024, 1, 1)], (1, dt.date(2024, 1, 1)), [dt.date(2024, 1, 1), 1], {1, dt.date(2024, 1, 1)},
        {1: dt.date(2024, 1, 1)}, {dt.date(2024, 1, 1): 1}, [[1, dt.date(2024, 1, 1)]], [0.0, dt.date(2024, 1, 1)],
        [-0.0, dt.date(2024, 1, 1)], [[1], dt.date(2024, 1, 1)], [(1,), dt.date(2024, 1, 1)], [{1}, dt.date(2024, 1, 1)],
        [{1: 2}, dt.date(2024, 1, 1)], ["", "1", dt.date(2024, 1, 1)], [1, bytearray(b"1")], [1, b"1"], [1, memoryview(b"1")],
        {"a": bytearray(b"1"), "b": 2}, {"b": 2, "a": bytearray(b"1")}, ["x" * 2_000_000], ["x" * 2_000_001, bytearray()],
        ["x" * 2_000_000, bytearray()], [b"x" * 2_000_000, bytearray()], "x" * 2_000_000, b"x" * 2_000_000, bytearray(b"x" * 2_000_000),
    ],
    "subclasses": lambda: [
        "a", s.Str("a"), s.with_note(s.Str("a"), 1), s.with_note(s.Str("a"), 2), b"a", s.Bytes(b"a"), [1], s.List([1]),
        s.with_note(s.List([1]), 1), s.with_note(s.List([1]), 2), {1}, s.Set({1}), s.with_note(s.Set({1}), 1), frozenset({1}),
        s.Frozen({1}), s.Set({2}), (1,), s.Tuple((1,)), s.Tuple((2,)), np.array([1]).view(np.recarray), np.array([[1]]).view(np.matrix), np.array([[1]]),
    ],
    "dates": lambda: [
        dt.date(2024, 1, 1), dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, tzinfo=dt.UTC),
        dt.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC")), dt.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")),
        dt.datetime(2024, 1, 1, fold=1), dt.datetime(2024, 1, 1, 0, 0, 0, 1), dt.time(0), dt.time(0, fold=1), dt.time(0, tzinfo=dt.UTC),
        dt.timedelta(0), dt.timedelta(1), dt.timedelta(0, 1), dt.timezone(dt.timedelta(hours=1)), dt.timezone(dt.timedelta(hours=1), "x"),
        dt.UTC, zoneinfo.ZoneInfo("UTC"), zoneinfo.ZoneInfo("Europe/Berlin"), pd.Timestamp("2024-01-01"),
        pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-01-01").as_unit("s"), pd.Timestamp("2024-01-01").as_unit("ns"), pd.Timedelta(0), pd.Period("2024-01"),
        pd.Period("2024-01-01", "D"), np.datetime64("2024-01-01"), np.datetime64("2024-01-01", "ns"), "2024-01-01",
        pd.Interval(0, 1), pd.Interval(0, 1, closed="left"), pd.offsets.Day(1), pd.offsets.Day(2), pd.offsets.Hour(24),
    ],
    "of the standard library": lambda: [
        pathlib.Path("a"), pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("a"), pathlib.Path("a/b"), pathlib.Path("A"), "a",
        uuid.UUID(int=1), uuid.UUID(int=2), ipaddress.ip_address("1.2.3.4"), ipaddress.ip_address("1.2.3.5"),
        ipaddress.ip_address("::1"), ipaddress.ip_network("1.2.3.0/24"), ipaddress.ip_interface("1.2.3.0/24"), re.compile("a"),
        re.compile("a", re.IGNORECASE), re.compile("b"), re.compile(b"a"), fractions.Fraction(1, 3), fractions.Fraction(2, 3),
        decimal.Decimal("0.1"), decimal.Context(prec=3), decimal.Context(prec=4), io.BytesIO(b"a"), io.BytesIO(b"b"), io.StringIO("a"),
        operator.itemgetter(1), operator.itemgetter(2), operator.attrgetter("a"), operator.methodcaller("a"), list[int], list[str], dict[str, int],
        int | None, int | str, s.Color.RED, s.Color.GREEN, s.Paint.RED, s.Flags.A, s.Flags.B, s.Flags.A | s.Flags.B, s.Flags(0),
    ],
    "positions": lambda: [at(io.BytesIO(b"ab"), place) for place in (0, 1)] + [at(io.StringIO("ab"), place) for place in (0, 1)],
    "random states": lambda: [
        *(s.generator_at(seed, drawn) for seed in (0, 1) for drawn in (0, 1, 2)),
        *(drawn_from(np.random.default_rng(seed), drawn) for seed in (0, 1) for drawn in (0, 1)),
        *(drawn_from(np.random.RandomState(seed), drawn) for seed in (0, 1) for drawn in (0, 1)),
        np.random.SeedSequence(1), np.random.SeedSequence(2), np.random.SeedSequence(1).spawn(1)[0], np.random.PCG64(1), np.random.MT19937(1),
        np.random.Generator(np.random.MT19937(1)), np.random.Generator(np.random.Philox(1)),
    ],
    "instances": lambda: [
        s.Plain(), s.Other(), s.Plain(a=1), s.Other(a=1), s.Plain(a=2), s.Plain(b=1), s.Plain(a=1.0), s.Plain(a=None), s.Plain(a=s.Plain(a=1)),
        s.Slotted(1), s.Slotted(2), s.Slotted(1, 2), s.SlottedToo(1), s.with_note(s.SlottedToo(1), 1), s.WithState(1, 2), s.WithState(2, 2),
        s.WithArguments(1), s.WithArguments(2), s.WithArguments(1, word=2), s.Reduced(1), s.Reduced(2), s.Data(1), s.Data(1, 3), s.Data(2),
        s.FrozenData(1), s.FrozenData(1, 3), s.Attrs(1), s.Attrs(2), s.FrozenAttrs(1), s.FrozenAttrs(2), s.Model(left=1), s.Model(left=1, right=2),
        s.Model(left=1, right=3), hidden(1), s.Odd(1), s.Odd(2), s.Pair(1), s.Couple(1), s.Countdown(1), s.Countdown(2), {"a": 1},
    ],
    "stand-ins": lambda: [
        s.Keyed(1), s.Keyed(2), s.Keyed(1.0), s.Keyed([1]), s.KeyedToo(1), s.KeyedDict(a=1), s.KeyedDict(b=1), 1, [s.Keyed(1)], {"a": s.Keyed(1)},
    ],
    "exceptions": lambda: [
        ValueError(), ValueError("a"), ValueError("b"), TypeError("a"), s.Failure("a"), coded(s.Failure("a"), 1), coded(s.Failure("a"), 2),
        OSError(2, "a"), OSError(2, "a", "b"), KeyError("a"), ExceptionGroup("a", [ValueError("a")]), ExceptionGroup("a", [ValueError("b")]),
    ],
    "code": lambda: [
        s.first, s.second, len, print, s.Plain, s.Other, s.Plain(a=1).method, s.Plain(a=2).method, s.Plain(a=1).other, s.Other(a=1).method,
        functools.partial(s.first), functools.partial(s.first, 1), functools.partial(s.first, 2), functools.partial(s.first, x=1), functools.partial(s.second, 1),
        lambda: 1, lambda: 2, [1].append, [2].append, "a".join, "b".join, math, random, dict.fromkeys, int.from_bytes, str.join, np.add, np.subtract,
        (1).__add__, (2).__add__, (1).__sub__, s.Plain.method,
    ],
    "arrays": lambda: [
        np.arange(6), np.arange(6.0), np.arange(6, dtype="i4"), np.arange(6, dtype=">i8"), np.arange(6).reshape(2, 3), np.arange(6).reshape(3, 2),
        np.arange(6).reshape(1, 6), np.asfortranarray(np.arange(6).reshape(2, 3)), np.arange(6).reshape(2, 3).T, np.arange(6).astype("M8[s]"),
        np.arange(6).astype("M8[ms]"), np.arange(6).astype("m8[s]"), np.arange(6).astype(object), np.arange(6).astype(str), np.arange(6).astype("U30"),
        np.arange(6).astype("S"), np.arange(6).astype("f2"), np.arange(6).astype("g"), np.arange(6).astype("G"), np.arange(6).astype("c16"),
        np.arange(6).astype(np.dtypes.StringDType()), np.arange(6).astype(np.dtypes.StringDType(na_object=None)), list(range(6)), np.arange(7),
        np.arange(6).view("V8"), np.arange(6).astype(np.dtype("i8", metadata={"a": 1})), np.arange(6).astype(np.dtype("i8", metadata={"a": 2})),
        np.array([], dtype="f8"), np.array([], dtype="f4"), np.empty((0, 3)), np.empty((3, 0)), np.array(["ab"]), np.array(["a", "b"]),
        np.array([[]], dtype=object), np.array([0.0]), np.array([-0.0]), np.array([np.nan]), np.array([None]), np.array([1, 1.0], dtype=object),
        np.array([1, 1], dtype=object), np.array([1, True], dtype=object), np.array([[1], [2]], dtype=object), np.array([[1, 2]], dtype=object),
    ],
    "structured arrays": lambda: [
        np.array([(1, 2)], dtype="i4,i4"), np.array([(1, 2)], dtype="i4,f4"), np.array([(1, 2)], dtype=[("a", "i4"), ("b", "i4")]),
        np.array([(1, 2)], dtype=[("b", "i4"), ("a", "i4")]), np.array([(1, 2)], dtype=[("a", "i1"), ("b", "i8")]),
        np.array([(1, 2)], dtype=np.dtype([("a", "i1"), ("b", "i8")], align=True)), np.array([(2, 1)], dtype=[("a", "i1"), ("b", "i8")]),
        np.array([(1, "x")], dtype=[("a", "i4"), ("b", object)]), np.array([(1, "y")], dtype=[("a", "i4"), ("b", object)]),
        np.array([(1, [2, 3])], dtype=[("a", "i4"), ("b", "i4", 2)]), np.array([(1, [3, 2])], dtype=[("a", "i4"), ("b", "i4", 2)]),
        np.array([(1, 2)], dtype=[(("title", "a"), "i4"), ("b", "i4")]), np.array([(1, 2)], dtype="i4,i4")[0], np.rec.array([(1, 2)], dtype="i4,i4"),
        np.array([(1, 2)], dtype="i4,g"), np.array([(1, 3)], dtype="i4,g"),
    ],
    "dtypes": lambda: [np.dtype(one) for one in ("i4", "i8", ">i8", "f8", "O", "U3", "U4", "M8[s]", "i4,i4", "i4,f4", "T", [("a", "i4")])] + [np.float64, "f8"],
    "masked arrays": lambda: [
        np.array([1, 2]), masked([1, 2], [0, 0]), masked([1, 2], [0, 1]), masked([1, 3], [0, 1]), masked([1, 2], [0, 1], fill=7),
        masked([1, 2], [0, 1], fill=8), masked([1, 2], [0, 1], hard=True), masked([1.0, 2.0], [0, 1]), masked([1, 2], [1, 1]), np.ma.masked,
    ],
    "frames": lambda: [
        frame(), frame(columns=["a", "c"]), frame(columns=["b", "a"]), frame(index=[1, 2, 3]), frame(index=[0, 1, 2]), frame(index=["0", "1", "2"]),
        frame(index=pd.Index([0, 1, 2], name="n")), frame()[["b", "a"]], frame()[["a"]], frame()["a"], frame().a.rename("c"), frame().a.rename(None),
        frame().astype({"a": "i4"}), frame().astype({"a": "f8"}), frame().astype({"a": "Int64"}), frame().astype({"b": "category"}),
        frame().astype({"b": object}), frame().astype({"b": pd.StringDtype("python")}), frame().astype({"b": pd.StringDtype("pyarrow")}),
        frame().astype({"b": pd.ArrowDtype(pa.string())}), noted(a=1), noted(a=2), frame().set_flags(allows_duplicate_labels=False), frame().iloc[:2], frame().iloc[::-1],
        pd.concat([frame(), frame()]), frame(columns=pd.Index(["a", "b"], name="n")), frame().set_index("a"), frame().set_index(["a", "b"]), frame().T,
        pl.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]}), pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}),
    ],
    "columns": lambda: [
        pd.Series([1, 2, None], dtype="Int64"), pd.Series([1, 2, 0], dtype="Int64"), pd.Series([1, 2, None]), pd.Series([1, 2, None], dtype=object),
        pd.Series([1, 2, pd.NA], dtype=object), pd.Series([True, None], dtype="boolean"), pd.Series(["a", None], dtype="category"),
        pd.Series(["a", None], dtype=pd.CategoricalDtype(["a", "b"])), pd.Series(["a", None], dtype=pd.CategoricalDtype(["b", "a"])),
        pd.Series(["a", None], dtype=pd.CategoricalDtype(["a", "b"], ordered=True)), pd.Series(["b", None], dtype=pd.CategoricalDtype(["a", "b"])),
        pd.Series(pd.to_datetime(["2024-01-01"])), pd.Series(pd.to_datetime(["2024-01-01"], utc=True)), pd.Series(pd.to_datetime(["2024-01-01"])).dt.as_unit("s"), pd.Series(pd.to_datetime(["2024-01-01"])).dt.as_unit("ns"),
        pd.Series(pd.to_datetime(["2024-01-01"])).dt.tz_localize("Europe/Berlin"), pd.Series(pd.to_timedelta(["1D"])), pd.Series(pd.period_range("2024", periods=1, freq="D")), pd.Series(pd.period_range("2024", periods=1, freq="M")),
        pd.Series(pd.interval_range(0, 2)), pd.Series(pd.interval_range(0, 2, closed="left")), pd.Series([0, 1], dtype="Sparse[int]"), pd.Series([0, 2], dtype="Sparse[int]"),
        pd.Series(pd.arrays.SparseArray([0, 1], fill_value=1)), pd.Series([1], dtype=pd.ArrowDtype(pa.int64())), pd.Series([1], dtype=pd.ArrowDtype(pa.int32())), pd.Series([1]), pd.Series([1], index=["a"]), pd.Series([1], name="a"),
    ],
    "indexes": lambda: [
        pd.RangeIndex(3), pd.Index([0, 1, 2]), pd.RangeIndex(3, name="a"), pd.RangeIndex(0, 6, 2), pd.Index([0.0, 1, 2]), pd.Index(["0", "1", "2"]), pd.Index([0, 1, 2], dtype=object),
        pd.date_range("2024", periods=3), pd.DatetimeIndex(list(pd.date_range("2024", periods=3))), pd.date_range("2024", periods=3, tz="UTC"), pd.MultiIndex.from_product([[0, 1], ["a"]]),
        pd.MultiIndex.from_product([[0, 1], ["b"]]), pd.MultiIndex.from_product([[0, 1], ["a"]], names=["x", "y"]), pd.CategoricalIndex(["a"]), pd.CategoricalIndex(["a"], categories=["a", "b"]), pd.interval_range(0, 2), np.arange(3),
    ],
    "arrow": lambda: [
        pa.array([1, 2]), pa.array([1, 2], pa.int32()), pa.array([1, None]), pa.array([1, 0]), pa.array([None, 1]), pa.array(["a", "b"]), pa.array(["ab", ""]), pa.array(["a", None]), pa.array(["a", ""]), pa.array([b"a", b"b"]),
        pa.array(["a", "b"], pa.large_string()), pa.array(["a", "b"], pa.string_view()), pa.array(["a", "b"]).dictionary_encode(), pa.array([[1], [2]]), pa.array([[1, 2], []]), pa.array([[1, 2], None]), pa.array([[1], [2]], pa.list_(pa.int64(), 1)), pa.array([{"a": 1}]),
        pa.array([{"a": 2}]), pa.array([{"b": 1}]), pa.array([{"a": None}]), pa.array([None], pa.struct([("a", pa.int64())])), pa.array([True, False]), pa.array([True, None]), pa.array([None, None]), pa.array([None, None], pa.int64()), pa.array([1, 2], pa.timestamp("s")), pa.array([1, 2], pa.timestamp("s", "UTC")),
        pa.array([decimal.Decimal("1.0")]), pa.array([decimal.Decimal("1.00")]), pa.chunked_array([[1, 2]]), pa.table({"a": [1, 2]}), pa.table({"b": [1, 2]}), pa.table({"a": [1, 2]}).replace_schema_metadata({"a": "b"}), pa.record_batch({"a": [1, 2]}), pa.scalar(1), pa.scalar(1, pa.int32()),
        pa.int64(), pa.int32(), pa.schema([("a", pa.int64())]), pa.schema([pa.field("a", pa.int64(), nullable=False)]), pa.py_buffer(b"a"), pa.array([], pa.int64()), pa.array([], pa.int32()),
    ],
    "polars": lambda: [
        pl.Series([1, 2]), pl.Series("a", [1, 2]), pl.Series([1, 2], dtype=pl.Int32), pl.Series([1, None]), pl.Series([None, 1]), pl.Series([1, 0]), pl.Series(["a", "b"]), pl.Series(["ab", ""]), pl.Series(["a", None]), pl.Series([[1], [2]]), pl.Series([[1, 2], []]), pl.Series([{"a": 1}]),
        pl.Series([{"a": 2}]), pl.Series(["a", "b"], dtype=pl.Categorical), pl.Series(["a", "b"], dtype=pl.Enum(["a", "b"])), pl.Series(["a", "b"], dtype=pl.Enum(["b", "a"])), pl.DataFrame({"a": [1]}), pl.DataFrame({"b": [1]}), pl.DataFrame({"a": [1], "b": [2]}), pl.DataFrame({"b": [2], "a": [1]}),
        pl.Series([1, 2], dtype=pl.Datetime("ms")), pl.Series([1, 2], dtype=pl.Datetime("us")), pl.Series([dt.date(2024, 1, 1)]), pl.Series([s.Plain(a=1)], dtype=pl.Object), pl.Series([s.Plain(a=2)], dtype=pl.Object), pl.Series([], dtype=pl.Int8),
    ],
    "sparse": lambda: [
        *(kind([[0, 1], [2, 0]]) for kind in (sp.csr_matrix, sp.csc_matrix, sp.coo_matrix, sp.bsr_matrix, sp.dia_matrix, sp.lil_matrix, sp.dok_matrix, sp.csr_array, sp.coo_array)),
        *(kind([[0, 1], [3, 0]]) for kind in (sp.csr_matrix, sp.csc_matrix, sp.coo_matrix, sp.bsr_matrix, sp.dia_matrix, sp.lil_matrix, sp.dok_matrix, sp.csr_array)), sp.csr_matrix([[0.0, 1], [2, 0]]), sp.csr_matrix((2, 2)), sp.csr_matrix((2, 3)), sp.dok_matrix([[0, 1.0], [2, 0]]),
    ],
    "estimators": lambda: [LogisticRegression(), LogisticRegression(C=2), Ridge(), fitted(1), fitted(2)],
    "circles": lambda: [
        s.ring(1), s.ring(2), s.ring(3), s.ring(6), s.ring(2, 1, 2), s.ring(2, 2, 1), [s.ring(1)], s.ring(1)[:], deep(200, 1), deep(200, 2), deep(201, 1), s.tree(2), s.tree(3), s.graph("abc", "ab", "bc")["a"], s.graph("abc", "ab", "bc")["b"],
        s.graph("abc", "ab", "bc", "ca")["a"], s.graph("aaa", "aa")["a"],
    ],
}


def at(file: Any, place: int) -> Any:
    file.seek(place)
    return file


def drawn_from(generator: Any, count: int) -> Any:
    generator.standard_normal(count)
    return generator


def hidden(value: Any) -> Any:
    model = s.Model(left=1)
    model._hidden = value
    return model


def coded(error: Any, code: int) -> Any:
    error.code = code
    return error

