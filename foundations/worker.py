"""The worker: runs a job's stages in the user's environment, and says to the courier what becomes of them."""

import pickle
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from foundations import current
from foundations.dry_run import foresee
from foundations.execute import StageFailed, call_directly, execute
from foundations.graph import Call, StageGraph
from foundations.keys.observer import Observer
from foundations.keys.stage_keys import StageKeys
from foundations.output import Output
from foundations.processors import usable_processors
from foundations.report import Channel, Report, buffers
from foundations.stage_cache import StageCache
from foundations.stage_processes import TRACEBACK, StageProcesses
from foundations.stage_threads import threads_belong_to_their_stage
from foundations.tracebacks import user_traceback
from foundations.tracking import know_parameters


def main(channel: Channel) -> None:
    """Run the job that comes over `channel`."""
    job = channel.receive()
    pickled = b"".join(buffers(channel, job))
    failed, error = False, None
    try:
        _refuse_other_python(job["python"])
        paths = [str(Path(job["root"], path)) for path in job["paths"]]
        sys.path[:0] = paths
        current.job_id = job["job_id"]
        know_parameters(job["parameters"])
        threads_belong_to_their_stage()
        cached = _Cached.of({**job, "paths": paths})  # before the user's modules are imported: what they read counts
        _execute(channel, pickle.loads(pickled), {**job, "paths": paths, "script": sys.argv[0]}, cached)
    except StageFailed as failure:
        failed, error = True, _with_hint(failure.traceback, failure.__cause__)
    except BaseException as failure:  # noqa: BLE001 - whatever keeps the job from starting is the user's to see
        failed, error = True, _with_hint(_traceback(failure, job), failure)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the user's code may have closed it, or put something else there
            stream.flush()
    channel.send({"say": "finished", "failed": failed, "error": error})


@dataclass(frozen=True)
class _Cached:
    """What makes keys, and what watches the stages that are cached."""

    keys: StageKeys
    observer: Observer
    root: str
    read_only: bool

    @classmethod
    def of(cls, job: Mapping[str, Any]) -> Self:
        """Return that of a job, at work only where a stage of it is cached."""
        root, environment = job["root"], job["environment_key"]
        keys = StageKeys(bundle=job["bundle"], environment=environment, root=Path(root), paths=job["paths"])
        observer = Observer(root, owns=keys.user_code.owns)
        if job["cached"]:
            observer.install()
        return cls(keys, observer, root, job["cache_read_only"])

    def cache(self, graph: StageGraph, report: Report) -> StageCache:
        """Return the cache of a job's stages."""
        self.keys.prepare(graph.calls)
        how: dict[str, Any] = {"root": self.root, "observer": self.observer, "read_only": self.read_only}
        return StageCache(graph, self.keys, report, **how)


def _execute(channel: Channel, graph: StageGraph, job: Mapping[str, Any], cached: _Cached) -> None:
    places = {call.id: place for place, call in enumerate(graph.calls)}
    report = current.metric_log = current.line = Report(channel, Output(job["mark"], places))
    cache = cached.cache(graph, report)
    if job["dry"]:
        report.foreseen(foresee(graph, cache))
        return
    names = ("paths", "job_id", "parameters", "mark", "root", "script", "error_verbosity")
    setting = {**{name: job[name] for name in names}, "places": places}
    processors = usable_processors()
    processes = StageProcesses(
        job["concurrency"].get("processes") or processors,
        setting=setting,
        open_channel=type(channel).of,
        report=report,
        code_of=lambda call: cached.keys.closure(call).digest,
    )

    def invoke(call: Call, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        if call.options.process:
            return processes.call(call, args, kwargs)
        return call_directly(call, args, kwargs, speaking=channel.speaking)

    def traceback(error: BaseException) -> str:
        return getattr(error, TRACEBACK, None) or _traceback(error, job)

    try:
        execute(
            graph,
            reporter=report,
            cache=cache,
            traceback=traceback,
            invoke=invoke,
            threads=job["concurrency"].get("threads") or max(2, processors),
        )
    finally:
        processes.close()


def _traceback(error: BaseException, job: Mapping[str, Any]) -> str:
    return user_traceback(error, job["root"], verbose=job["error_verbosity"] == "verbose")


def _refuse_other_python(wanted: str) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if here != wanted:
        raise RuntimeError(
            f"the driver runs Python {wanted} and the job's environment has Python {here}; code can't travel "
            f"between them: use a base image with Python {wanted} (docker_config.base_image)"
        )


def _with_hint(text: str, error: BaseException | None) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"{text}\n\nfoundations: {error.name} is neither in the model directory nor installed where the job "
            "runs; a package belongs into requirements.txt, which counts in the environment docker"
        )
    return text
