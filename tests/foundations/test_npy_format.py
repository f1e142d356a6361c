"""Arrays in NumPy's own format: exactly what they were, read without unpickling."""

import io
import pickle
from typing import Any

import numpy as np
import pytest

from foundations.values import decode, encode

KEPT = [
    np.arange(100_000, dtype="float64").reshape(100, 1000),
    np.asfortranarray(np.arange(100_000.0).reshape(100, 1000)),
    np.asfortranarray(np.arange(6).reshape(2, 3)),
    np.arange(24).reshape(2, 3, 4).transpose(1, 0, 2),
    np.arange(20)[::-2],
    np.array(5),
    np.array([]),
    np.empty((0, 3), dtype="i4"),
    np.array([True, False]),
    np.array(["a", "bc", "é"]),
    np.array([b"a", b"bc"]),
    np.arange(5, dtype=">i8"),
    np.arange(5, dtype="f2"),
    np.arange(5, dtype="g"),
    np.arange(5) * 1j,
    np.array(["2024-01-01", "NaT"], dtype="M8[ns]"),
    np.arange(3).astype("m8[s]"),
    np.array([(1, 2.0)], dtype=[("x", "i8"), ("y", "f8")]),
    np.array([(1, [2.0, 3.0])], dtype=[("x", "i8"), ("y", "f8", 2)]),
    np.array([((1, 2), 3)], dtype=[("x", [("a", "i4"), ("b", "i4")]), ("y", "i4")]),
    np.zeros(4, "V7"),
    np.array([np.nan, -0.0]),
]
NOT_KEPT = [
    np.array([None, "x"], dtype=object),
    np.array([(1, None)], dtype=[("x", "i8"), ("y", object)]),
    np.array(["a"], dtype=np.dtypes.StringDType()),
    np.arange(3).view(np.recarray),
    np.ma.MaskedArray([1, 2], [0, 1]),
    np.arange(3).astype(np.dtype("i8", metadata={"unit": "s"})),
    np.array([(1, 2)], dtype=np.dtype([("a", "i1"), ("b", "i8")], align=True)),
    np.array([(1, 2)], dtype=[("größe", "i4"), ("名", "i4")]),
    np.empty(2, dtype=np.dtype([])),
    np.float64(1.5),
    [np.arange(3)],
]


def same(one: Any, other: Any) -> bool:
    flags = ("c_contiguous", "f_contiguous")
    return bool(
        type(one) is type(other)
        and (one.dtype, one.shape) == (other.dtype, other.shape)
        and one.tobytes() == other.tobytes()
        and all(getattr(one.flags, flag) == getattr(np.array(other, order="A").flags, flag) for flag in flags)
    )


@pytest.mark.parametrize("array", KEPT, ids=lambda one: f"{one.dtype} {one.shape}")
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_an_array_comes_back_without_unpickling(array: Any, kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    encoding, buffers = encode(array)
    monkeypatch.setattr(pickle, "loads", lambda *_, **__: pytest.fail("unpickled"))
    assert encoding == "npy"
    result = decode(encoding, [kind(buffer) for buffer in buffers])
    assert same(result, array)
    assert result.flags.writeable == (kind is bytearray or not array.size)


@pytest.mark.parametrize("array", KEPT, ids=lambda one: f"{one.dtype} {one.shape}")
def test_its_bytes_are_a_file_that_numpy_reads(array: Any) -> None:
    _, buffers = encode(array)
    assert same(np.load(io.BytesIO(b"".join(buffers)), allow_pickle=False), array)


@pytest.mark.parametrize("value", NOT_KEPT, ids=lambda one: f"{type(one).__name__} {getattr(one, 'dtype', '')}")
def test_what_the_format_would_lose_is_pickled(value: Any) -> None:
    encoding, buffers = encode(value)
    assert encoding == "pickle5"
    result = decode(encoding, [bytearray(buffer) for buffer in buffers])
    assert repr(result) == repr(value)
    assert getattr(result, "dtype", None) == getattr(value, "dtype", None)


def test_a_large_array_is_not_copied_and_its_bytes_are_a_run_of_their_own() -> None:
    array = np.zeros(1_000_000)
    encoding, (head, data) = encode(array)
    assert (encoding, len(data)) == ("npy", array.nbytes)
    assert len(head) < 1000
    array[3] = 7
    assert np.frombuffer(data)[3] == 7


def test_a_file_of_objects_is_not_read() -> None:
    file = io.BytesIO()
    np.save(file, np.array([None]), allow_pickle=True)
    with pytest.raises(ValueError, match="objects"):
        decode("npy", [file.getvalue()])
