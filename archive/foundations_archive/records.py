"""What an archive says of jobs, as plain data: everything here becomes JSON and nothing is ever unpickled."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Self

from foundations_archive.series import Series, values_by_key

State = Literal["Queued", "Running", "Completed", "Failed", "Cancelled", "Lost"]
Status = Literal["succeeded", "failed", "cached", "skipped", "not run"]

_SCALARS = frozenset({str, int, float, bool})


@dataclass(frozen=True)
class Buffer:
    """One run of bytes of a value: its length and the digests of the blobs that hold it, in order."""

    size: int
    chunks: tuple[str, ...]

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Return the buffer that a record holds."""
        return cls(body["size"], tuple(body["chunks"]))


@dataclass(frozen=True)
class Value:
    """Where the bytes of an output are and how they were encoded, such as "json" or "pickle5"."""

    encoding: str
    buffers: tuple[Buffer, ...] = ()
    inline: str | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Self | None:
        """Return the value that a record holds, or None where it holds none."""
        if body is None:
            return None
        return cls(body["encoding"], tuple(map(Buffer.of, body["buffers"])), body.get("inline"))

    @property
    def chunks(self) -> frozenset[str]:
        """The names of all blobs that hold it."""
        return frozenset(name for buffer in self.buffers for name in buffer.chunks)


@dataclass(frozen=True)
class Argument:
    """One argument as people see it: its JSON value (cut where it is long) or the stage that it comes from.

    `stages` are those inside the value, where it holds some.
    """

    name: str
    value: Any = None
    stage: str | None = None
    place: int | None = None
    stages: tuple[str, ...] = ()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Return the argument that a record holds."""
        return cls(**{**_known(cls, body), "stages": tuple(body.get("stages", ()))})


@dataclass(frozen=True)
class StageSpec:
    """What one stage of a job is: no code that runs, only what describes it."""

    id: str
    name: str
    function: str
    parents: tuple[str, ...] = ()
    arguments: tuple[Argument, ...] = ()
    source: str | None = None
    cached: bool = False
    persisted: bool = False

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Return the stage that a record holds."""
        known = _known(cls, body)
        arguments = tuple(map(Argument.of, body["arguments"]))
        return cls(**{**known, "parents": tuple(body["parents"]), "arguments": arguments})


@dataclass(frozen=True)
class JobSpec:
    """What a job is, written once by its driver; with the blobs that it names, enough to run it again.

    `given` are the names of those parameters that were given to `run()`, and not logged beside it. `facts` tell where
    the driver ran, and `cache` among them where the job does without it.
    """

    job_id: str
    project: str
    user: str
    created: float
    target: str
    stages: tuple[StageSpec, ...]
    graph: Value
    bundle: str
    paths: tuple[str, ...]
    directory: str
    python: str
    environment: str
    sources: Mapping[str, str] = field(default_factory=dict)
    requirements: str = ""
    tags: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    concurrency: Mapping[str, int] = field(default_factory=dict)
    error_verbosity: str = "normal"
    given: tuple[str, ...] = ()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Return the spec that a record holds; fields of later versions are left out."""
        graph = Value.of(body["graph"])
        stages = tuple(map(StageSpec.of, body["stages"]))
        lists = {"paths": tuple(body["paths"]), "given": tuple(body.get("given", ()))}
        return cls(**{**_known(cls, body), "stages": stages, "graph": graph, **lists})


@dataclass(frozen=True)
class Artifact:
    """A file or a folder that a stage has saved: its manifest's digest, and the folders in it that hold nothing."""

    key: str
    manifest: str
    size: int
    files: int
    folder: bool
    time: float
    empty: tuple[str, ...] = ()

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Return the artifact that a record holds."""
        return cls(**{**_known(cls, body), "empty": tuple(body.get("empty", ()))})


@dataclass(frozen=True)
class StageRecord:
    """What became of a stage; times are seconds since 1970.

    `explanation` are the blobs that say why a cached stage was computed, here or where its result comes from. Of one
    that was served `computed_seconds` says how long the run took that made its result, and `computed_at` when it ended.
    """

    id: str
    status: Status
    started: float | None = None
    ended: float | None = None
    seconds: float | None = None
    error: str | None = None
    value: Value | None = None
    unserializable: str | None = None
    cache_key: str | None = None
    cached_from: str | None = None
    attempts: int = 1
    exception: Mapping[str, Any] | None = None
    artifacts: tuple[Artifact, ...] = ()
    explanation: tuple[str, ...] = ()
    computed_seconds: float | None = None
    computed_at: float | None = None

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Return the stage that a record holds."""
        artifacts = tuple(map(Artifact.of, body.get("artifacts", ())))
        made = {"artifacts": artifacts, "explanation": tuple(body.get("explanation", ()))}
        return cls(**{**_known(cls, body), "value": Value.of(body.get("value")), **made})


@dataclass(frozen=True)
class JobRecord:
    """What became of a job: the record that seals it, or the same made up from what is there of a live one.

    `segments` says how many segments of events the courier wrote and `chain` the digest of the last one. Of a watcher's
    record `seen` says how many it has read of which attempt.
    """

    job_id: str
    state: State
    started: float | None = None
    ended: float | None = None
    error: str | None = None
    failed_stage: str | None = None
    stages: tuple[StageRecord, ...] = ()
    metrics: tuple[Series, ...] = ()
    image: str | None = None
    events: int = 0
    tail: tuple[Mapping[str, Any], ...] = ()
    tags: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    segments: int | None = None
    chain: str | None = None
    seen: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Return the job that a record holds."""
        stages = tuple(map(StageRecord.of, body["stages"]))
        metrics = tuple(map(Series.of, body["metrics"]))
        return cls(**{**_known(cls, body), "stages": stages, "metrics": metrics, "tail": tuple(body["tail"])})


@dataclass(frozen=True)
class CacheEntry:
    """A cached output with what the run that made it left: replayed into every job that is served from it.

    `content` is the digest by which the output counts where other stages take it, `made` the time when it was, and
    `observed` what the run has read beside its code and its arguments: the entry serves while that says the same.
    `explanation` are the blobs that say what its key was made of. Where a user has `accepted` the result for other
    code than that which made it, this says who and when, and `from` which key.
    """

    value: Value
    job_id: str
    stage: str
    seconds: float
    metrics: tuple[Series, ...] = ()
    tags: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    artifacts: tuple[Artifact, ...] = ()
    content: str | None = None
    made: float = 0.0
    observed: Mapping[str, Any] = field(default_factory=dict)
    explanation: tuple[str, ...] = ()
    accepted: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """Return the entry that a record holds."""
        metrics = tuple(map(Series.of, body["metrics"]))
        artifacts = tuple(map(Artifact.of, body.get("artifacts", ())))
        made = {"value": Value.of(body["value"]), "metrics": metrics, "artifacts": artifacts}
        return cls(**{**_known(cls, body), **made, "explanation": tuple(body.get("explanation", ()))})


def plain(record: Any) -> Any:
    """Return a record as what `json` writes; what a field leaves open (None) is left out."""
    if record is None or type(record) in _SCALARS:
        return record
    if isinstance(record, Series):
        return record.plain()
    if is_dataclass(record):
        parts = vars(record).items()
        return {name: value if type(value) in _SCALARS else plain(value) for name, value in parts if value is not None}
    if isinstance(record, list | tuple):
        return [item if type(item) in _SCALARS else plain(item) for item in record]
    if isinstance(record, Mapping):
        return {key: plain(item) for key, item in record.items()}
    return record


def row_of(spec: JobSpec, record: JobRecord) -> dict[str, Any]:
    """Return a job's row of the index: all that `get_metrics_for_all_jobs` shows of it."""
    names = {stage.id: stage.name for stage in spec.stages}
    arguments = [
        (argument.name, place, argument.value if argument.stage is None else names[argument.stage])
        for place, stage in enumerate(spec.stages)
        for argument in stage.arguments
    ]
    return {
        "project": spec.project,
        "job_id": spec.job_id,
        "user": spec.user,
        "status": record.state,
        "created": spec.created,
        "started": record.started,
        "ended": record.ended,
        "parameters": {**spec.parameters, **record.parameters},
        "arguments": arguments,
        "tags": {**spec.tags, **record.tags},
        "metrics": list(values_by_key(record.metrics).items()),
    }


def _known(cls: type, body: Mapping[str, Any]) -> dict[str, Any]:
    names = _names(cls)
    return {key: value for key, value in body.items() if key in names}


@cache
def _names(cls: type) -> frozenset[str]:
    return frozenset(item.name for item in fields(cls))
