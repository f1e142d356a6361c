"""The job that this process has made of a stage last, for as long as there is the stage."""

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from foundations.deployment import Deployment
    from foundations.stage import Stage

# not an attribute of the stage: who pickles a stage must not pickle the archive's keys along
_latest: "WeakKeyDictionary[Stage, Deployment]" = WeakKeyDictionary()


def note_job(stage: "Stage", deployment: "Deployment") -> None:
    """Remember the job that was made of a stage."""
    _latest[stage] = deployment


def latest_job(stage: "Stage") -> "Deployment | None":
    """Return the job that was made of a stage last, or None where this process has made none."""
    return _latest.get(stage)
