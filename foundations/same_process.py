"""A graph, run where the driver runs: for a debugger, and for results that no job has to keep."""

from collections import Counter
from typing import Any

from foundations import current
from foundations.graph import StageGraph, Upstream, filled_arguments
from foundations.stage import Stage


def run_here(graph: StageGraph) -> Any:
    """Return the result of the target of `graph`, every stage called once, in order; raise whatever a stage raises."""
    results: dict[str, Any] = {}
    consumers = Counter(parent for call in graph.calls for parent in call.parents)
    for call in graph.calls:
        args, kwargs = filled_arguments(call.args, call.kwargs, Upstream, lambda hole: results[hole.stage])
        with current.running(call.id):
            result = results[call.id] = call.function(*args, **kwargs)
        if isinstance(result, Stage):
            raise TypeError(
                f"stage {call.name} returned {result!r}, which will never run: a function that create_stage has "
                "wrapped was called inside a stage; call the function itself there"
            )
        consumers.subtract(call.parents)
        for parent in call.parents:
            if not consumers[parent] and parent != graph.target:
                results.pop(parent, None)
    return results[graph.target]
