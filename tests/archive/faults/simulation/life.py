"""Those who use an archive at once: drivers, couriers, cancellers, hiders and readers, each running the real code."""

import hashlib
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.cancellation import request_cancellation
from foundations_archive.damage import ArchiveWarning
from foundations_archive.envelope import unseal
from foundations_archive.errors import ArchiveUnreachable, JobTaken, NotArchived
from foundations_archive.hiding import hide
from foundations_archive.manifest import BundleFile, Manifest
from foundations_archive.packing import compact
from foundations_archive.records import JobSpec
from foundations_archive.store import Store
from foundations_archive.upkeep.check import check
from foundations_archive.upkeep.collection import collect
from foundations_archive.upkeep.repair import repair
from foundations_runner.errors import CourierFailed
from foundations_runner.host import JobRequest
from foundations_runner.run import JobRun
from tests.archive.faults.simulation.book import Book
from tests.archive.faults.simulation.courier import Plan, in_order, run_courier
from tests.archive.faults.simulation.host import SimHost
from tests.archive.faults.simulation.sim_store import SimStore, Weather
from tests.archive.faults.simulation.virtual import real_code_in
from tests.archive.faults.simulation.world import DAY, Process, World

PROJECTS = ("red", "blue")
# blobs of this size are looked for before they are put
_LARGE = 70_000


@dataclass(frozen=True)
class Code:
    """The code that the actors run: the real one, or what an ablation makes of it."""

    archive: Callable[[Store], Archive] = Archive
    reader: Callable[[Store], Archive] = Archive
    ending: Callable[[Callable[[], None], Callable[[], None]], None] = in_order
    compact: Callable[[Archive], object] = compact
    collect: Callable[..., object] = collect


REAL = Code()


@dataclass
class Life:
    """One world with an archive in it."""

    seed: int
    weather: Weather
    code: Code = REAL
    world: World = field(init=False)
    store: SimStore = field(init=False)
    book: Book = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.seed)
        self.store = SimStore(self.world, self.weather)
        self.book = Book(self.store)

    def process(self, name: str) -> Process:
        skew = self.world.random.uniform(-1, 1) * self.store.weather.skew
        process = self.world.new_process(name, skew=skew)
        process.lag = self.world.random.choice((0.0, 0.0, 2.0))
        return process

    def add(self, name: str, target: Callable[[], None], *, crashes: bool = True) -> Process:
        """Add a process with one actor."""
        process = self.process(name)
        process.may_crash = crashes
        self.world.start(process, "main", target, main=True)
        return process

    def after(self, seconds: float, target: Callable[..., None], *arguments: Any, **options: Any) -> Callable[[], None]:
        """Return what waits a while and then does something."""

        def begin() -> None:
            self.world.pause(seconds)
            target(*arguments, **options)

        return begin

    def run(self) -> list[str]:
        """Let everybody live, and return what broke."""
        with warnings.catch_warnings(), real_code_in(self.world):
            # who is warned of damage hears of some that is not there
            warnings.simplefilter("error", ArchiveWarning)
            self.world.run()
        self.book.check_writes()
        if self.world.failure:
            self.book.fault("I8", self.world.failure)
        return self.book.broken

    def wait(self, seconds: float, *, moves: int | None = None) -> None:
        """Wait about so long, or until jobs have moved so many times."""
        at = self.store.moves
        until = None if moves is None else lambda: self.store.moves >= at + moves
        self.world.pause(self.world.random.expovariate(1 / seconds), until)

    def driver(self, plan: Plan, *, detached: bool = False, loses_contact: bool = False) -> None:
        """Submit a job and see it through, as `run()` does."""
        archive, spec, book = self.code.archive(self.store), plan.spec, self.book
        submit = archive.submit

        def submitted(spec: JobSpec, *, looked: bool = False) -> None:
            submit(spec, looked=looked)
            book.submit_returned(spec)

        def courier(job_id: str, wire: Any) -> int:
            own = self.code.archive(self.store)
            return run_courier(self.world, own, job_id, plan=plan, wire=wire, finish=self.code.ending)

        host = SimHost(self.world, courier, skew=self.world.process.skew, loses_contact=loses_contact)
        request = JobRequest(spec.job_id, "sim", "python", detached=detached)
        archive.submit = submitted
        with suppress(ArchiveUnreachable, JobTaken, CourierFailed):
            archive.check()
            for data in bundle(spec.project):
                archive.blobs.put(data)
            JobRun(host, request, archive=archive, spec=spec, on_event=lambda event: None).submit()

    def canceller(self, spec: JobSpec, *, after: float) -> None:
        """Ask for a job's end, as `foundations jobs cancel` does."""
        self.world.pause(after)
        archive = self.code.archive(self.store)
        with suppress(ArchiveUnreachable, NotArchived):
            request_cancellation(archive, archive.spec(spec.job_id))

    def hider(self, spec: JobSpec, *, after: float) -> None:
        """Hide a job, once it is there."""
        self.world.pause(after)
        archive = self.code.archive(self.store)
        with suppress(ArchiveUnreachable, NotArchived):
            found = archive.spec(spec.job_id)
            self.book.hiding.setdefault(spec.job_id, self.world.now)
            hide(archive, found)
            self.book.hidden.setdefault(spec.job_id, self.world.now)

    def compactor(self, times: int, *, pause: float) -> None:
        """Pack rows, as `foundations archive compact` does."""
        for _ in range(times):
            self.wait(pause, moves=4)
            with suppress(ArchiveUnreachable):
                self.code.compact(self.code.archive(self.store))

    def mender(self, *, after: float) -> None:
        """Mend, beside everybody else, what a check has found."""
        self.world.pause(after)
        archive = self.code.archive(self.store)
        with suppress(ArchiveUnreachable):
            repair(archive, check(archive).findings)

    def collector(self, times: int, *, grace: float, interval: float) -> None:
        """Delete blobs that nothing names, as `foundations archive gc` does every day or so."""
        for _ in range(times):
            self.world.pause(interval)
            self.wait(interval, moves=1 if self.world.random.random() < 0.8 else None)
            with suppress(ArchiveUnreachable):
                self.code.collect(self.code.archive(self.store), grace=grace, minimum_interval=interval)

    def leaver(self, data: bytes) -> None:
        """Put a blob that nothing ever names."""
        with suppress(ArchiveUnreachable):
            self.code.archive(self.store).blobs.put(data)

    def reader(self, looks: int, *, pause: float) -> None:
        """Look at everything, again and again."""
        for _ in range(looks):
            # most is seen by who looks while something moves
            self.wait(pause, moves=1 if self.world.random.random() < 0.5 else None)
            look = self.world.random.choice(self.looks())
            self.tolerant(look)

    def looks(self) -> list[Callable[[Archive], None]]:
        """Return all that a reader can look at."""
        return [self.look_at_rows, self.look_at_rows, self.look_at_ids, self.look_at_jobs, self.look_at_one]

    def tolerant(self, look: Callable[[Archive], None]) -> None:
        """I8: a reader hears of nothing but a store that gives no answer, and only while that is so."""
        try:
            look(self.code.reader(self.store))
        except ArchiveUnreachable:
            if not self.store.weather.errors:
                self.book.fault("I8", f"{look.__name__} was told of a store that gives no answer, which it did")
        except Exception as error:  # noqa: BLE001
            self.book.fault("I8", f"{look.__name__} raised {error!r}")

    def look_at_rows(self, archive: Archive) -> None:
        """Look at the rows of all projects, or of one."""
        begun, project = self.world.now, self.world.random.choice((None, *PROJECTS))
        rows = archive.rows(project)
        self.book.saw_listing((row["job_id"] for row in rows), begun=begun, project=project, what=f"rows({project})")
        for row in rows:
            if row["job_id"] in self.book.tried:
                spec = self.book.tried[row["job_id"]]
                self.book.saw_state(spec, row["status"], begun=begun, view="rows")

    def look_at_ids(self, archive: Archive) -> None:
        """Look at which jobs there are."""
        begun, project = self.world.now, self.world.random.choice((None, *PROJECTS))
        ids = [job_id for job_id in archive.job_ids(project) if self._is_job(job_id, project)]
        self.book.saw_listing(ids, begun=begun, project=project, what=f"job_ids({project})")

    def look_at_jobs(self, archive: Archive) -> None:
        """Look at the jobs with their records."""
        begun, project = self.world.now, self.world.random.choice((None, *PROJECTS))
        jobs = archive.jobs(project)
        ids = [spec.job_id for spec, _ in jobs]
        self.book.saw_listing(ids, begun=begun, project=project, what=f"jobs({project})")
        for spec, record in jobs:
            self.book.saw_state(spec, record.state, begun=begun, view="jobs")
            self.book.saw_record(spec, record, archive.blobs.get)

    def look_at_one(self, archive: Archive) -> None:
        """Look at a job: its state, its record, its events."""
        known = sorted(self.book.submitted)
        if not known:
            return
        spec = archive.spec(self.world.random.choice(known))
        begun = self.world.now
        self.book.saw_state(spec, archive.state(spec), begun=begun, view="state")
        begun = self.world.now
        record = archive.record(spec)
        self.book.saw_state(spec, record.state, begun=begun, view="record")
        self.book.saw_record(spec, record, archive.blobs.get)
        begun = self.world.now
        self.book.saw_events(spec.job_id, list(archive.events(spec.job_id)), begun=begun)

    def look_at_all(self) -> None:
        """Look at everything once more, in fine weather, when all is over."""
        archive = self.code.reader(self.store)
        for project in PROJECTS:
            begun = self.world.now
            rows = archive.rows(project)
            self.book.saw_listing((row["job_id"] for row in rows), begun=begun, project=project, what="the last rows")
        found = {row["job_id"]: row for row in archive.rows()}
        self.book.saw_orphans(found)
        for spec, record in archive.jobs():
            self.book.saw_row(spec, record, found[spec.job_id])
            begun = self.world.now
            self.book.saw_state(spec, archive.state(spec), begun=begun, view="state")
            self.book.saw_record(spec, record, archive.blobs.get)
            begun = self.world.now
            self.book.saw_events(spec.job_id, list(archive.events(spec.job_id)), begun=begun)

    def look_at_mended(self, archive: Archive) -> None:
        """I6: what a repair has mended is clean, and its index is what the jobs say."""
        repair(archive, check(archive).findings)
        self.world.pause(2 * DAY)
        repair(archive, check(archive).findings)
        self.world.pause(3600.0)
        for finding in check(archive, deep=True).findings:
            if finding.severity != "note" and not any(map(self.book.excuses, (finding.job_id or "", finding.key))):
                self.book.fault("I6", f"{finding.severity} after a repair: {finding.key}: {finding.what}")
        rows = {row["job_id"]: row for row in archive.rows()}
        for spec, record in archive.jobs():
            self.book.saw_row(spec, record, rows[spec.job_id], mended=True)

    def at_last(self) -> None:
        """Wait until nothing is under way any more, then look at everything."""
        world = self.world
        own = world.process
        world.pause(float("inf"), lambda: all(other.dead or other is own for other in world.processes))
        world.pause(2 * 3600.0)
        self.store.weather = replace(
            self.store.weather, errors=0.0, lost=0.0, late=0.0, doubled=0.0, stalls=0.0, crashes=0.0
        )
        self.tolerant(lambda _: self.look_at_all())
        self.tolerant(self.look_at_mended)

    def _is_job(self, job_id: str, project: str | None) -> bool:
        # an id is all that this listing gives: a marker whose driver died, or lost its name to another, is in it too
        data = self.store.peek(layout.spec(job_id))
        return data is not None and project in (None, unseal("spec", data, layout.spec(job_id))["project"])


def bundle(project: str) -> tuple[bytes, bytes]:
    """Return the code of all jobs of a project, and the manifest that names it."""
    code = f"the code of {project}".encode().ljust(_LARGE, b".")
    file = BundleFile("main.py", hashlib.sha256(code).hexdigest(), len(code), 0o644)
    return code, Manifest((file,), ()).to_bytes()
