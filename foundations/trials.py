"""The jobs of a search: which parameters come next, how many run, and what becomes of each."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from foundations import excepthook
from foundations.building import parameter_names
from foundations.candidates import Parameters, Space
from foundations.deployment import Deployment
from foundations.errors import JobFailedError
from foundations.failures import job_failed
from foundations.frames import free_name, value_or_list
from foundations.job_id import new_job_id
from foundations.launch import Cargo, Destination, Origin
from foundations.parameters import check_parameters
from foundations.search_progress import SearchProgress
from foundations_archive.records import JobRecord, JobSpec
from foundations_archive.series import values_by_key
from foundations_runner.endings import endings_as_exits
from foundations_runner.interrupts import further_interrupts_held, interrupts_held
from foundations_runner.run import JobRun

if TYPE_CHECKING:
    from foundations.search import ErrorHandler, Generator
    from foundations.stage import Stage

Deployments = dict[str, Deployment]

_FAILURES_NAMED = 20


def grid_search(stage: "Stage", ranges: Mapping[str, Any], *, max_iterations: int | None = None) -> Deployments:
    """Run a stage with every combination of parameters; see `Stage.grid_search`."""
    space = Space(ranges)
    check_parameters(space.names, parameter_names(stage), place="ranges")
    candidates = space.grid(max_iterations)
    return _Search.of(stage).run(candidates, count=_smaller(space.size, max_iterations))


def random_search(
    stage: "Stage", ranges: Mapping[str, Any], *, max_iterations: int, seed: int | None = None
) -> Deployments:
    """Run a stage with combinations of parameters at random; see `Stage.random_search`."""
    space = Space(ranges)
    check_parameters(space.names, parameter_names(stage), place="ranges")
    candidates = space.random(max_iterations, seed)
    return _Search.of(stage).run(candidates, count=_smaller(space.size, max_iterations))


def adaptive_search(
    stage: "Stage",
    initial_params: Iterable[Mapping[str, Any]],
    *,
    generator: "Generator",
    error_handler: "ErrorHandler | None" = None,
) -> Deployments:
    """Run a stage with parameters that come from what earlier jobs have found; see `Stage.adaptive_search`."""
    for name, function in (("generator", generator), ("error_handler", error_handler)):
        if function is not None and not callable(function):
            raise TypeError(f"{name} is a function, got {function!r}")
    initial = _sets("initial_params", initial_params)

    def proceed(trial: Trial) -> list[Parameters]:
        error = trial.error()
        if error is None:
            return _sets("what the generator returned", generator(trial.findings()))
        return _sets(
            "what the error handler returned", error_handler(trial.parameters, error) if error_handler else None
        )

    search, names = _Search.of(stage), parameter_names(stage)
    for parameters in initial:
        check_parameters(parameters, names, place="initial_params")
        stage.graph(parameters)  # raises for what no run could be given
    return search.run(initial, proceed=proceed)


@dataclass(frozen=True)
class Trial:
    """One job of a search that has ended."""

    parameters: Parameters
    spec: JobSpec
    record: JobRecord

    def metrics(self) -> dict[str, Any]:
        """Return what the job has logged: a value, or the list of the values where there are several."""
        found = values_by_key(self.record.metrics)
        return {key: value_or_list(values) for key, values in found.items()}

    def findings(self) -> dict[str, Any]:
        """Return the job's metrics, its id as `job_id` and its parameters as `parameters`.

        A metric of one of these names gets `_metric` appended, as in the frames.
        """
        facts: dict[str, Any] = {"job_id": self.spec.job_id, "parameters": dict(self.parameters)}
        metrics = self.metrics()
        return facts | {free_name(key, "_metric", taken=facts, others=metrics): value for key, value in metrics.items()}

    def error(self) -> JobFailedError | None:
        """Return what `Deployment.result` would raise for a job that did not complete."""
        return None if self.record.state == "Completed" else job_failed(self.spec, self.record)


def _no_more(trial: Trial) -> list[Parameters]:
    del trial
    return []


class _Search:
    """The jobs of one search, from one origin to one destination."""

    def __init__(self, stage: "Stage", origin: Origin) -> None:
        self._stage, self._origin = stage, origin
        self._limit = origin.environment.concurrent_jobs
        self._progress = SearchProgress(level=origin.environment.log_level)
        self._deployments: Deployments = {}
        self._failed: list[JobFailedError] = []
        self._runs: dict[Future[Trial], JobRun] = {}

    @classmethod
    def of(cls, stage: "Stage") -> "_Search":
        """Return the search that starts here and now; raise where no job could start."""
        excepthook.install()
        return cls(stage, Origin.found())

    def cargo(self, parameters: Parameters) -> Cargo:
        """Return one job of the search; raise where its parameters are not those of the stage, or can't travel."""
        return self._origin.cargo(self._stage.graph(parameters), job_id=new_job_id(), parameters=parameters)

    def run(
        self,
        candidates: Iterable[Parameters],
        *,
        proceed: Callable[[Trial], list[Parameters]] = _no_more,
        count: int | None = None,
    ) -> Deployments:
        """Run a job for each of the candidates, and for each that `proceed` gives for a job that has ended."""
        waiting = iter(candidates)
        first = next(waiting, None)
        if first is None:
            return {}
        self.cargo(first)
        try:
            destination = Destination(self._origin, self._progress)
            # what every job needs and every job would fail of is made sure of before there is one
            destination.host.prepare()
            destination.upload()
            self._progress.begin(count)
            self._run_all(destination, chain([first], waiting), proceed)
            self._report_failures()
        finally:
            self._progress.close()
        return self._deployments

    def _run_all(
        self, destination: Destination, candidates: Iterator[Parameters], proceed: Callable[[Trial], list[Parameters]]
    ) -> None:
        more: deque[Parameters] = deque()
        with ThreadPoolExecutor(self._limit) as pool, endings_as_exits(), further_interrupts_held():
            try:
                self._fill(pool, destination, chain(candidates, _drained(more)))
                while self._runs:
                    for trial in self._ended():
                        more.extend(proceed(trial))
                    self._fill(pool, destination, chain(candidates, _drained(more)))
            except BaseException as error:
                with interrupts_held():
                    self._cancel(error)
                raise

    def _fill(self, pool: ThreadPoolExecutor, destination: Destination, candidates: Iterator[Parameters]) -> None:
        while len(self._runs) < self._limit and (parameters := next(candidates, None)) is not None:
            spec = destination.spec(self.cargo(parameters))
            shown = self._progress.job(spec.job_id, parameters)
            shown.begin(spec)
            run = destination.job(spec, shown.event)
            with interrupts_held():
                self._runs[pool.submit(_trial, run, parameters, spec)] = run
                self._deployments[spec.job_id] = Deployment(destination.archive, spec)

    def _ended(self) -> list[Trial]:
        """Wait for a job, and return those that have ended since; raise for one that its host can't run."""
        done, _ = wait(self._runs, return_when=FIRST_COMPLETED)
        trials = []
        for future in done:
            trials.append(future.result())
            del self._runs[future]
            self._show(trials[-1])
        return trials

    def _show(self, trial: Trial) -> None:
        self._progress.ended(trial.spec.job_id, trial.record.state, trial.metrics())
        if error := trial.error():
            self._failed.append(error)

    def _cancel(self, error: BaseException) -> None:
        """End all jobs that run, and wait until they have ended."""
        running = list(self._runs.items())
        with ThreadPoolExecutor(max(1, len(running))) as pool:
            for _, run in running:
                # one that can't be cancelled is its courier's to end, and why the search ends is the better message
                pool.submit(run.cancel)
        wait(self._runs)
        for future, _ in running:
            if future.exception() is None:
                self._show(future.result())
        if not isinstance(error, KeyboardInterrupt | SystemExit):
            self._progress.say("the search can't go on; the jobs that have ended are in the archive")

    def _report_failures(self) -> None:
        for error in self._failed[:_FAILURES_NAMED]:
            self._progress.say(_in_one_line(error))
        if len(self._failed) > _FAILURES_NAMED:
            self._progress.say(f"and {len(self._failed) - _FAILURES_NAMED} more that did not complete")


def _trial(run: JobRun, parameters: Parameters, spec: JobSpec) -> Trial:
    return Trial(parameters, spec, run.submit(looked=True))


def _sets(what: str, given: Any) -> list[Parameters]:
    """Return sets of parameters as a list of dicts; one dict is taken for a list of one, None for none."""
    if given is None:
        return []
    sets = [given] if isinstance(given, Mapping) else given
    if isinstance(sets, str | bytes) or not isinstance(sets, Iterable):
        raise TypeError(f"{what} must be a list of dicts, got {given!r}")
    found = list(sets)
    for one in found:
        if not isinstance(one, Mapping):
            raise TypeError(f"{what} must be a list of dicts, each with a value a parameter, got {one!r} in it")
    return [dict(one) for one in found]


def _drained(more: deque[Parameters]) -> Iterator[Parameters]:
    while more:
        yield more.popleft()


def _smaller(size: int | None, limit: int | None) -> int | None:
    known = [number for number in (size, limit) if number is not None]
    return min(known) if known else None


def _in_one_line(error: JobFailedError) -> str:
    first, *rest = str(error).strip().splitlines()
    return f"{first}: {rest[-1].strip()}" if rest else first
