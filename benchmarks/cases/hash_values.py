"""Digests of a few values, timed: hash_values.py foundations|joblib|redun [--quick]; prints seconds as JSON."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass
class Point:
    """An instance of a class of one's own."""

    x: float
    y: float
    label: str


def values(scale: int) -> Iterator[tuple[str, int, Callable[[], Any]]]:
    """Yield each value's name, its size in bytes where that means something, and what makes it."""
    import numpy
    import pandas

    random = numpy.random.default_rng(0)
    rows, cells = 1_000_000 // scale, 33_554_432 // scale
    yield "array, 256 MB of float64", cells * 8, lambda: random.random(cells)
    yield (
        "array, 80 MB of int64, Fortran order",
        rows * 80,
        lambda: numpy.asfortranarray(numpy.arange(rows * 10).reshape(rows, 10)),
    )
    yield "view, every second of 160 MB", rows * 80, lambda: random.random(rows * 20)[::2]
    yield (
        "frame, 1M rows, 10 columns of float64",
        rows * 80,
        lambda: pandas.DataFrame({f"c{n}": random.random(rows) for n in range(10)}),
    )
    yield "frame of one matrix, 1M x 10", rows * 80, lambda: pandas.DataFrame(random.random((rows, 10)))
    yield "frame, 1M rows, mixed", 0, lambda: mixed(rows)
    yield "list of 1M ints", 0, lambda: list(range(rows))
    yield "list of 1M floats", 0, lambda: [float(n) for n in range(rows)]
    yield "list of 1M texts", 0, lambda: [f"text {n}" for n in range(rows)]
    yield "dict of 100k texts to floats", 0, lambda: {f"key {n}": float(n) for n in range(rows // 10)}
    yield "20k dicts with lists", 0, lambda: {str(n): {"a": n, "b": [n, 2.0], "c": "x"} for n in range(rows // 50)}
    yield "set of 100k texts", 0, lambda: {f"key {n}" for n in range(rows // 10)}
    yield "10k instances of a dataclass", 0, lambda: [Point(n, 2.0 * n, "p") for n in range(rows // 100)]
    yield "arguments of a call", 0, lambda: {"lr": 0.1, "epochs": 3, "name": "adam", "layers": [64, 32]}


def mixed(rows: int) -> Any:
    """Return a frame with columns of several types."""
    import numpy
    import pandas

    numbers = numpy.arange(rows)
    frame = pandas.DataFrame({"a": numbers, "b": numbers * 0.5, "c": numbers.astype("M8[s]"), "d": numbers % 2 == 0})
    frame["e"] = pandas.Categorical.from_codes(numbers % 3, ["x", "y", "z"])
    frame["f"] = pandas.Series(numbers.astype(str), dtype=object)
    return frame


def hasher(name: str) -> Callable[[Any], Any]:
    """Return the function that a system has for digests of values."""
    if name == "joblib":
        import joblib

        return joblib.hash  # type: ignore[no-any-return]
    if name == "redun":
        from redun.value import get_type_registry

        return get_type_registry().get_hash  # type: ignore[no-any-return]
    from foundations.keys.values import value_digest

    def code(one: Any) -> bytes:
        return f"{one.__module__}.{one.__qualname__}".encode()

    return lambda value: value_digest(value, code=code)


def seconds(digest: Callable[[Any], Any], value: Any) -> float:
    """Return the best of three, of many calls at once where one takes next to nothing."""
    times = 1
    found = []
    for _ in range(4):
        began = time.perf_counter()
        for _ in range(times):
            digest(value)
        took = (time.perf_counter() - began) / times
        times = 1 if took > 0.01 else max(1, int(0.05 / took))
        found.append(took)
    return min(found[1:])


def main() -> None:
    digest = hasher(sys.argv[1])
    scale = 100 if "--quick" in sys.argv else 1
    print(json.dumps({name: seconds(digest, make()) for name, _, make in values(scale)}))


if __name__ == "__main__":
    main()
