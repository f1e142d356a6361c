"""Those who use an archive at once: drivers, couriers, cancellers, hiders and readers, each running the real code."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.cancellation import request_cancellation
from foundations_archive.envelope import unseal
from foundations_archive.errors import ArchiveError, ArchiveUnreachable, JobTaken, NotArchived
from foundations_archive.hiding import hide
from foundations_archive.records import JobSpec, StageSpec, Value
from foundations_archive.store import Store
from foundations_runner.errors import CourierFailed
from foundations_runner.host import JobRequest
from foundations_runner.run import JobRun
from tests.archive.faults.simulation.book import Book
from tests.archive.faults.simulation.courier import Plan, in_order, run_courier
from tests.archive.faults.simulation.host import SimHost
from tests.archive.faults.simulation.sim_store import SimStore, Weather
from tests.archive.faults.simulation.virtual import real_code_in
from tests.archive.faults.simulation.world import Process, World

PROJECTS = ("red", "blue")


@dataclass(frozen=True)
class Code:
    """The code that the actors run: the real one, or what an ablation makes of it."""

    archive: Callable[[Store], Archive] = Archive
    reader: Callable[[Store], Archive] = Archive
    ending: Callable[[Callable[[], None], Callable[[], None]], None] = in_order
    weather: Callable[[Weather], Weather] = lambda weather: weather


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
        self.store = SimStore(self.world, self.code.weather(self.weather))
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

    def after(
        self, seconds: float, target: Callable[..., None], *arguments: Any, **options: Any
    ) -> Callable[[], None]:
        """Return what waits a while and then does something."""

        def begin() -> None:
            self.world.pause(seconds)
            target(*arguments, **options)

        return begin

    def run(self) -> list[str]:
        """Let everybody live, and return what broke."""
        with real_code_in(self.world):
            self.world.run()
        self.book.check_writes()
        if self.world.failure:
            self.book.fault("I8", self.world.failure)
        return self.book.broken

    # the actors

    def driver(self, plan: Plan, *, detached: bool = False, loses_contact: bool = False) -> None:
        """Submit a job and see it through, as `run()` does."""
        archive, spec, book = self.code.archive(self.store), plan.spec, self.book
        submit = archive.submit

        def submitted(spec: JobSpec) -> None:
            submit(spec)
            book.submit_returned(spec)

        def courier(job_id: str, wire: Any) -> int:
            own = self.code.archive(self.store)
            return run_courier(self.world, own, job_id, plan=plan, wire=wire, finish=self.code.ending)

        host = SimHost(self.world, courier, skew=self.world.process.skew, loses_contact=loses_contact)
        request = JobRequest(spec.job_id, "sim", "python", detached=detached)
        archive.submit = submitted
        with suppress(ArchiveUnreachable, JobTaken, CourierFailed):
            archive.blobs.put(bundle(spec))
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

    def reader(self, looks: int, *, pause: float) -> None:
        """Look at everything, again and again."""
        for _ in range(looks):
            # most is seen by who looks while something moves
            at, eager = self.store.moves, self.world.random.random() < 0.5
            self.world.pause(self.world.random.expovariate(1 / pause), lambda: eager and self.store.moves > at)
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

    def _is_job(self, job_id: str, project: str | None) -> bool:
        # an id is all that this listing gives: a marker whose driver died, or lost its name to another, is in it too
        data = self.store.peek(layout.spec(job_id))
        return data is not None and project in (None, unseal("spec", data, job_id)["project"])


def a_plan(life: Life, job_id: str, *, project: str | None = None) -> Plan:
    """Return a job of two stages, the first of which is cached by a name that others share."""
    random = life.world.random
    stages = (
        StageSpec("1", random.choice(("load", "clean")), "m:load", cached=random.random() < 0.7, persisted=True),
        StageSpec("2", "train", "m:train", ("1",), persisted=True),
    )
    spec = JobSpec(
        job_id=job_id,
        project=project or random.choice(PROJECTS),
        user="me",
        created=life.world.now,
        target="2",
        stages=stages,
        graph=Value("json", inline="{}"),
        bundle="",
        paths=(),
        directory=".",
        python="3.11",
        environment="sim",
    )
    spec = replace(spec, bundle=hashlib.sha256(bundle(spec)).hexdigest())
    seconds = tuple(random.choice((0.0, 1.0, 5.0, 40.0)) for _ in stages)
    return Plan(spec, seconds, random.choice((None, None, None, 0, 1)))


def bundle(spec: JobSpec) -> bytes:
    """Return what stands for the code of a job."""
    return f"the code of {spec.project}".encode()


def a_busy_archive(seed: int, code: Code = REAL) -> Life:
    """Return a world with everybody in it, and some weather."""
    life = Life(seed, Weather.of(World(seed).random), code)
    random = life.world.random
    plans = [a_plan(life, f"job-{number}") for number in range(random.randint(2, 4))]
    if random.random() < 0.4:  # two who give their jobs one name
        other = a_plan(life, plans[0].spec.job_id)
        plans.append(other)
        if life.store.weather.create != "native":
            life.book.contested.add(other.spec.job_id)
    for number, plan in enumerate(plans):
        life.book.tried.setdefault(plan.spec.job_id, plan.spec)
        options = {"detached": random.random() < 0.3, "loses_contact": random.random() < 0.15}
        life.add(f"driver {number}", life.after(random.uniform(0, 60), life.driver, plan, **options))
    for plan in plans:
        if random.random() < 0.25:
            life.add("canceller", life.after(0, life.canceller, plan.spec, after=random.uniform(0, 120)))
        if random.random() < 0.2:
            life.add("hider", life.after(0, life.hider, plan.spec, after=random.uniform(0, 200)))
    for number in range(2):
        looks, pause = random.randint(4, 12), random.choice((2.0, 15.0, 60.0))
        life.add(f"reader {number}", life.after(0, life.reader, looks, pause=pause), crashes=False)
    life.add("the last reader", life.at_last, crashes=False)
    return life
