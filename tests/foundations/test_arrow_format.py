"""Frames in Arrow's format: only those that come back exactly."""

import datetime as dt
import io
import pickle
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from foundations import arrow_format
from foundations.values import decode, encode
from tests.foundations.keys.samples import Data, digest

PLAIN = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", None], "c": [0.5, np.nan, -0.0], "d": [True, False, True]})


def noted() -> pd.DataFrame:
    frame = PLAIN.copy()
    frame.attrs["unit"] = "s"
    return frame


class Frame(pd.DataFrame): ...


KEPT = {
    "plain": PLAIN,
    "of numbers": pd.DataFrame(np.arange(6.0).reshape(3, 2), columns=["a", "b"]),
    "with an index": PLAIN.set_index("a"),
    "with two indexes": PLAIN.dropna().set_index(["a", "b"]),
    "with a named range": PLAIN.set_axis(pd.RangeIndex(1, 4, name="n")),
    "with times": pd.DataFrame(
        {"t": pd.date_range("2024", periods=3, tz="Europe/Berlin"), "d": pd.to_timedelta([1, 2, 3], unit="s")}
    ),
    "with categories": PLAIN.astype({"b": "category"}),
    "with ordered categories": PLAIN.astype({"b": pd.CategoricalDtype(["y", "x", "z"], ordered=True)}),
    "with nullable numbers": PLAIN.astype({"a": "Int64"}),
    "with small numbers": PLAIN.astype({"a": "int8", "c": "float32"}),
    "of arrow": PLAIN[["a"]].astype({"a": pd.ArrowDtype(pa.int64())}),
    "without rows": PLAIN.iloc[:0].reset_index(drop=True),
}
NOT_KEPT = {
    "with notes": noted(),
    "with objects": pd.DataFrame({"a": [Data(1)]}),
    "with mixed objects": pd.DataFrame({"a": [1, "x"]}, dtype=object),
    "with lists": pd.DataFrame({"a": [[1], [2, 3]]}),
    "with tuples": pd.DataFrame({"a": [(1,), (2, 3)]}),
    "with equal names": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "with names of several types": pd.DataFrame([[1, 2]], columns=[1, "a"]),
    "with complex numbers": pd.DataFrame({"a": [1j]}),
    "without duplicates": PLAIN.set_flags(allows_duplicate_labels=False),
    "with a frequency": pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2024", periods=2)),
    "with None and nan": pd.DataFrame({"a": [None, np.nan]}, dtype=object),
    "with other nans": pd.DataFrame({"a": np.array([0x7FF8000000000001], dtype="u8").view("f8")}),
    "with dates": pd.DataFrame({"a": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)]}, dtype=object),
    "with old strings": PLAIN.astype({"b": object}).assign(b=["x", "y", float("nan")]).astype({"b": object}),
    "of a class": Frame(PLAIN),
    "a series": PLAIN["a"],
    "in a list": [PLAIN],
}


@pytest.mark.parametrize("name", KEPT)
def test_a_frame_comes_back_exactly_and_without_unpickling(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = KEPT[name]
    encoding, buffers = encode(frame)
    assert encoding == "arrow"
    monkeypatch.setattr(pickle, "loads", lambda *_, **__: pytest.fail("unpickled"))
    result = decode(encoding, [bytearray(buffer) for buffer in buffers])
    pd.testing.assert_frame_equal(result, frame, check_freq=True, check_flags=True)
    assert digest(result) == digest(frame)
    assert pa.ipc.open_file(io.BytesIO(b"".join(buffers))).read_all().num_rows == len(frame)


def test_what_comes_back_can_be_written_to() -> None:
    encoding, buffers = encode(PLAIN)
    result = decode(encoding, [bytearray(buffer) for buffer in buffers])
    result.loc[0, "a"] = 9
    result["c"] += 1
    assert result.a.tolist() == [9, 2, 3]


@pytest.mark.parametrize("name", NOT_KEPT)
def test_what_arrow_would_change_is_pickled(name: str) -> None:
    encoding, buffers = encode(NOT_KEPT[name])
    assert encoding == "pickle5"
    assert digest(decode(encoding, [bytearray(buffer) for buffer in buffers])) == digest(NOT_KEPT[name])


def test_a_frame_that_is_too_large_to_try_is_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrow_format, "_LARGEST", 100)
    assert encode(pd.DataFrame({"a": range(1000)}))[0] == "pickle5"
    assert encode(pd.DataFrame({"a": [1]}))[0] == "pickle5"


def test_without_pyarrow_a_frame_is_pickled_and_one_in_its_format_names_it() -> None:
    data = b"".join(encode(PLAIN)[1])
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "import pandas; from foundations.values import decode, encode\n"
        "print(encode(pandas.DataFrame({'a': [1]}))[0])\n"
        "decode('arrow', [sys.stdin.buffer.read()])"
    )
    done = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True, check=False)
    assert done.stdout.decode().strip() == "pickle5"
    assert "stored in Arrow's format; install pyarrow to read it" in done.stderr.decode()


def test_nothing_is_imported_to_encode_a_value() -> None:
    script = (
        "import sys; from foundations.values import encode\n"
        "encode([1]), encode({1: 2})\n"
        "print(*{'numpy', 'pandas', 'pyarrow'}.intersection(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
