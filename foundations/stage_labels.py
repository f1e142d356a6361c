"""What tells the stages of a job from one another: their names, and the place in the job where several have one."""

from collections import Counter
from collections.abc import Iterable, Mapping

from foundations.schema import did_you_mean

_MOST_NAMED = 12


def stage_labels(names: Mapping[str, str]) -> dict[str, str]:
    """Return by id what stages of a job are called, by their names in order: `name#place` where several have one."""
    times = Counter(names.values())
    return {stage: f"{name}#{place}" if times[name] > 1 else name for place, (stage, name) in enumerate(names.items())}


def instead_of(word: str, labels: Iterable[str]) -> str:
    """Return `; ...` with what may have been meant by a word that is the label of no stage of a job."""
    known = list(labels)
    name = word.partition("#")[0]
    alike = [label for label in known if label.partition("#")[0] == name]
    if alike:
        return f"; it has {_listed(alike)}"
    names = [label.partition("#")[0] for label in known]
    return did_you_mean(word, [*names, *known]) or (f"; its stages are {_listed(known)}" if known else "")


def _listed(labels: list[str]) -> str:
    more = f" and {len(labels) - _MOST_NAMED:,} more" if len(labels) > _MOST_NAMED else ""
    return ", ".join(labels[:_MOST_NAMED]) + more
