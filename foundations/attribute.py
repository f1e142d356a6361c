"""What `stage.name` is until it is called."""

import functools
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from foundations.refusals import refuse_operators

# what people ask of a stage and can ask of its job only; few results have methods of these names
_OF_A_JOB = frozenset({"result", "get_metric", "get_job_logs", "get_job_status", "fetch_job_results", "get_artifacts"})


class Attribute:
    """An attribute of a result that is not there yet: a call makes a stage of it, and everything else is refused."""

    __slots__ = ("_call", "_name", "_stage")

    def __init__(self, stage: str, name: str, call: Callable[..., Any]) -> None:
        self._stage, self._name, self._call = stage, name, call

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Return a stage that calls this method of the result."""
        return self._call(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<method {self._name} of the result of the stage {self._stage}, not called>"

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self.refuse()

    def __reduce__(self) -> NoReturn:
        self.refuse()

    def refuse(self) -> NoReturn:
        """Raise the `TypeError` that says what to write instead."""
        raise TypeError(
            f"{self._name} of the result of the stage {self._stage} is not known before the stage has run; a method is "
            f"called: stage.{self._name}(...), an attribute is taken in a stage: "
            f"stage.stage(lambda value: value.{self._name})"
        )


def warn_if_meant(stage: str, method: str, kind: type) -> None:
    """Warn, on the caller's line, where a method of a stage's result is named nearly like one of the stage's own."""
    meant = f"the stage's own {near}()" if (near := _nearly(method, kind)) else None
    if method in _OF_A_JOB:
        meant = f"run().{method}(), of the job"
    if meant:
        warnings.warn(f"{method}() is called on the result of the stage {stage}; did you mean {meant}?", stacklevel=4)


@functools.cache
def _nearly(method: str, kind: type) -> str | None:
    from difflib import get_close_matches

    own = [name for name in vars(kind) if not name.startswith("_")]
    return next(iter(get_close_matches(method, own, n=1, cutoff=0.85)), None)


refuse_operators(Attribute, lambda attribute, *_: attribute.refuse())
