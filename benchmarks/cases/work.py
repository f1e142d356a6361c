"""The work that every peer does: stages that do next to nothing, in a chain or side by side."""

import json
import sys
import time
from collections.abc import Callable

# every shape takes the number of stages and the first argument, so that no run finds an earlier one's results
Shape = Callable[[int, int], int]


def step(number: int) -> int:
    """Do next to nothing."""
    return number + 1


def join(numbers: list[int]) -> int:
    """Bring a fan-out together."""
    return sum(numbers)


def measure(**shapes: Shape) -> None:
    """Time the shape and size that the command line asks for, after one of a single stage, and print the seconds."""
    shape, count = sys.argv[1], int(sys.argv[2])
    run, start = shapes[shape], 1_000_000
    run(1, -1)
    began = time.perf_counter()
    result = run(count, start)
    seconds = time.perf_counter() - began
    wanted = start + count if shape == "chain" else sum(range(start + 1, start + count + 1))
    if result != wanted:
        raise SystemExit(f"{shape} of {count:,} gave {result}, not {wanted}")
    print(json.dumps({"seconds": seconds}))
