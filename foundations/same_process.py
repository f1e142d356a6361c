"""A graph, run where the driver runs: for a debugger, and for results that no job has to keep."""

from typing import Any

from foundations import current
from foundations.graph import StageGraph
from foundations.intermediate import IntermediateResults, refuse_stage
from foundations.keys.ignored import without_marks


def run_here(graph: StageGraph) -> Any:
    """Return the result of the target of `graph`, every stage called once, in order; raise whatever a stage raises."""
    results = IntermediateResults(graph)
    for call in graph.calls:
        args, kwargs = without_marks(*results.arguments(call))
        with current.running(call.id):
            result = call.function(*args, **kwargs)
        refuse_stage(call, result)
        results.add(call, result)
        results.settle(call)
    return results.of_target()
