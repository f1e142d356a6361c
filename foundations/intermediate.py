"""The results of a graph's stages while it runs: handed on, and let go when nobody needs them any more."""

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

from foundations.graph import Call, StageGraph, Upstream, filled_arguments


class IntermediateResults:
    """What the stages of one run of a graph have returned, as far as somebody still needs it."""

    def __init__(self, graph: StageGraph) -> None:
        self._target = graph.target
        self._results: dict[str, Any] = {}
        self._consumers = Counter(parent for call in graph.calls for parent in call.parents)

    def arguments(
        self, call: Call, value: Callable[[str], Any] | None = None
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return a stage's arguments, with the results of its parents, which have run, in their places.

        `value` gives a result that may not be here yet.
        """
        if not call.parents:
            return call.args, dict(call.kwargs)
        result_of = value or self.of

        def result(hole: Upstream) -> Any:
            return result_of(hole.stage)

        return filled_arguments(call.args, call.kwargs, Upstream, result)

    def has(self, stage: str) -> bool:
        """Tell whether the result of a stage is here."""
        return stage in self._results

    def of(self, stage: str) -> Any:
        """Return the result of a stage that somebody still needs."""
        return self._results[stage]

    def add(self, call: Call, result: Any) -> None:
        """Keep what a stage has returned."""
        self._results[call.id] = result

    def settle(self, call: Call) -> None:
        """Let go of what only this stage, which has run, still needed; called by one thread at a time."""
        for parent in call.parents:
            self._consumers[parent] -= 1
            if not self._consumers[parent] and parent != self._target:
                self._results.pop(parent, None)

    def of_target(self) -> Any:
        """Return the result of the stage that was run."""
        return self._results[self._target]


def refuse_stage(call: Call, result: Any) -> None:
    """Raise `TypeError` where a stage has returned a stage, which nobody would run."""
    # not imported: what makes jobs is none of the worker's business, unless the user's code has loaded it
    stages = sys.modules.get("foundations.stage")
    if stages is not None and isinstance(result, stages.Stage):
        raise TypeError(
            f"stage {call.name} returned {result!r}, which will never run: a function that create_stage has wrapped "
            "was called inside a stage; call the function itself there"
        )
