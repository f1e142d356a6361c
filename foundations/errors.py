"""Everything that foundations raises for a caller, in one tree.

FoundationsError
  SettingsError (ValueError)            a config file is wrong: file, line, key
  UnknownEnvironment (ValueError)       no environment has this name
  BundleError (ValueError)              the model directory can't travel
  UnpicklableStage (TypeError)          a function or an argument can't travel: stage, argument, attribute path
  JobFailedError (RuntimeError)         a job ended otherwise than Completed: the user's own traceback
  UnknownProject (ValueError)           no job was run under this project name
ArchiveError                            foundations_archive.errors
  NotArchived (KeyError)                it is not there
  ArchiveUnreachable (ConnectionError)  nothing answers
  RequestRejected (ValueError)          the archive's server can't do what it was asked
  ArchiveForbidden (PermissionError)    the archive answers, and refuses
  BucketMissing (FileNotFoundError)
  ArchiveDamaged (ValueError)           what is there is not what was written
  ArchiveUntrusted (PermissionError)    what is there is not signed with the configured key
  ArchiveFull (OSError)
  ArchiveMisconfigured (ValueError)
  NewerFormat, JobTaken (ValueError)
ImageError                              foundations_images.errors
  BadRequirement (ValueError)
  BaseMissing (LookupError)
  BuildFailed (RuntimeError)
RunnerError                             foundations_runner.errors
  EngineUnreachable (ConnectionError)
  EngineRefused, CourierFailed, RuntimeIncomplete (RuntimeError)
  ShadowedModule (ImportError)
"""

from pathlib import Path

from foundations_archive.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveForbidden,
    ArchiveFull,
    ArchiveMisconfigured,
    ArchiveUnreachable,
    ArchiveUntrusted,
    BucketMissing,
    JobTaken,
    NewerFormat,
    NotArchived,
    RequestRejected,
)
from foundations_images.errors import BadRequirement, BaseMissing, BuildFailed, ImageError
from foundations_runner.errors import (
    CourierFailed,
    EngineRefused,
    EngineUnreachable,
    RunnerError,
    RuntimeIncomplete,
    ShadowedModule,
)


class FoundationsError(Exception):
    """The root of this room's errors."""


class SettingsError(FoundationsError, ValueError):
    """A config file, or a setting from elsewhere, is wrong."""

    def __init__(
        self, message: str, *, path: Path | None = None, line: int | None = None, key: str | None = None
    ) -> None:
        super().__init__(message)
        self.path, self.line, self.key = path, line, key


class UnknownEnvironment(FoundationsError, ValueError):
    """No environment has this name."""

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name


class BundleError(FoundationsError, ValueError):
    """The model directory can't travel as it is."""

    def __init__(self, message: str, *, paths: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.paths = paths


class UnpicklableStage(FoundationsError, TypeError):
    """A stage's function or one of its arguments can't be pickled."""

    def __init__(self, message: str, *, stage: str, argument: str | None) -> None:
        super().__init__(message)
        self.stage, self.argument = stage, argument


class PlanFailed(FoundationsError, RuntimeError):
    """A dry run came to no plan; the text is the user's own traceback where their code raised when it was imported."""


class JobFailedError(FoundationsError, RuntimeError):
    """A job did not complete; the text is the user's own traceback where their code raised.

    `__cause__` is then an exception of the type that they raised, where this process can import that, and
    `exception_type` the type's name; `stage` and `stage_name` are the id and the name of the stage.
    """

    stage_name: str | None = None
    exception_type: str | None = None

    def __init__(self, message: str, *, job_id: str, state: str, stage: str | None) -> None:
        super().__init__(message)
        self.job_id, self.state, self.stage = job_id, state, stage


class UnknownProject(FoundationsError, ValueError):
    """No job was run under this project name."""

    def __init__(self, message: str, *, project: str) -> None:
        super().__init__(message)
        self.project = project


__all__ = [
    "ArchiveDamaged",
    "ArchiveError",
    "ArchiveForbidden",
    "ArchiveFull",
    "ArchiveMisconfigured",
    "ArchiveUnreachable",
    "ArchiveUntrusted",
    "BadRequirement",
    "BaseMissing",
    "BucketMissing",
    "BuildFailed",
    "BundleError",
    "CourierFailed",
    "EngineRefused",
    "EngineUnreachable",
    "FoundationsError",
    "ImageError",
    "JobFailedError",
    "JobTaken",
    "NewerFormat",
    "NotArchived",
    "RequestRejected",
    "RunnerError",
    "RuntimeIncomplete",
    "SettingsError",
    "ShadowedModule",
    "UnknownEnvironment",
    "UnknownProject",
    "UnpicklableStage",
]
