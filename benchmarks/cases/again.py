"""The same work run again: once without a cache where a peer can, once to fill the cache, then served from it."""

import json
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol


class Run(Protocol):
    """What runs a graph."""

    def __call__(self, graph: Any, *, cached: bool) -> object:
        """Run it, with or without a cache."""


def measure(run: Run, *, plain: bool = True, **shapes: Callable[[int, int], Any]) -> None:
    """Time runs of the shape and size that the command line asks for, and print the seconds.

    The graph is made before the clock starts. A run of one stage has started what has to be started once.
    """
    shape, count, times = shapes[sys.argv[1]], int(sys.argv[2]), int(sys.argv[3])
    seconds: dict[str, list[float]] = {"plain": [], "filling": [], "served": []}
    kinds = ["filling", *["served", "plain"] * times] if plain else ["filling", *["served"] * times]
    run(shape(1, -1), cached=True)
    for kind in kinds:
        graph = shape(count, 1_000_000)
        began = time.perf_counter()
        run(graph, cached=kind != "plain")
        seconds[kind].append(time.perf_counter() - began)
    print(json.dumps(seconds))
