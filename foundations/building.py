"""From the stage that a user holds to the plain data that its job is made of."""

import inspect
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from foundations.ancestors import ancestors, in_order
from foundations.attribute import Attribute
from foundations.graph import Call, StageGraph, Upstream, filled_arguments, holes
from foundations.parameters import Hyperparameter, check_parameters

if TYPE_CHECKING:
    from foundations.stage import Stage


def graph_of(stage: "Stage", parameters: Mapping[str, Any] | None) -> StageGraph:
    """Return a stage and all that it needs, in order; see `Stage.graph`."""
    above = ancestors(stage, parents_of)
    if parameters is not None:
        _refuse_ranges(above, parameters)
        check_parameters(parameters, (name for one in above for name in one._parameters))
        _refuse_lazy(parameters, (type(stage), Hyperparameter, Attribute))
        _refuse_shared_generators(above)
    stages = in_order(above, parents_of, age=lambda one: one._serial)
    return StageGraph(tuple(_call(one, parameters) for one in stages), stage.uuid())


def parameter_names(stage: "Stage") -> list[str]:
    """Return the names of the parameters that a run of a stage takes."""
    return list(dict.fromkeys(name for one in ancestors(stage, parents_of) for name in one._parameters))


def parents_of(stage: "Stage") -> Iterable["Stage"]:
    """Return the stages that a stage needs itself: its arguments, and what it requires."""
    return stage._parents


def _refuse_ranges(stages: Iterable["Stage"], parameters: Mapping[str, Any]) -> None:
    ranges = sys.modules.get("foundations.ranges")  # not imported by who has none
    if ranges is None:
        return
    given = [(f"the stage {stage.name()}", (stage._args, stage._kwargs)) for stage in stages]
    given += [(f"the parameter {name!r}", ((value,), {})) for name, value in parameters.items()]
    for what, values in given:
        for one in holes(values, ranges.KINDS):
            raise TypeError(
                f"{what} got {one!r}, which only a search can go through; where a value goes pass Hyperparameter(), "
                "and the range to grid_search or random_search"
            )


def _call(stage: "Stage", parameters: Mapping[str, Any] | None) -> Call:
    def swap(one: Any) -> Any:
        if not isinstance(one, Hyperparameter):
            return Upstream(one.uuid())
        return one if parameters is None or one.name is None else parameters[one.name]

    args, kwargs = stage._args, stage._kwargs
    if stage._lazy:
        args, kwargs = filled_arguments(args, kwargs, (type(stage), Hyperparameter), swap)
    return Call(
        id=stage.uuid(),
        name=stage.name(),
        function=stage._function,
        args=args,
        kwargs=kwargs,
        parents=tuple(parent.uuid() for parent in stage._parents),
        cached=stage._cached,
        persisted=stage._persisted,
        options=stage._options,
        caching=stage._caching,
    )


def _refuse_lazy(parameters: Mapping[str, Any], lazy: tuple[type, ...]) -> None:
    for name, value in parameters.items():
        for one in holes(value, lazy):
            raise TypeError(f"the parameter {name!r} has no value before the job runs: it is, or holds, {one!r}")


def _refuse_shared_generators(stages: Sequence["Stage"]) -> None:
    """Raise `ValueError` where several stages take what one generator yields: all but one would find it used up."""
    functions = {id(stage._function): stage._function for stage in stages}
    generators = {place for place, function in functions.items() if inspect.isgeneratorfunction(function)}
    takers: dict[Any, list[str]] = {stage: [] for stage in stages if id(stage._function) in generators}
    for stage in stages if takers else ():
        for one in {*holes((stage._args, stage._kwargs), type(stage))}.intersection(takers):
            takers[one].append(stage.name())
    for one, names in takers.items():
        if len(names) > 1:
            raise ValueError(
                f"the result of stage {one.name()} is a generator, which one stage can use up, and {len(names)} take "
                f"it: {', '.join(sorted(names)[:5])}; make a list of it first: stage.stage(list)"
            )
