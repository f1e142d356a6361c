"""An archive that everybody uses at once, in any weather."""

import hashlib
from dataclasses import replace

from foundations_archive.records import JobSpec, StageSpec, Value
from tests.archive.faults.simulation.courier import Plan
from tests.archive.faults.simulation.life import PROJECTS, REAL, Code, Life, bundle
from tests.archive.faults.simulation.sim_store import Weather
from tests.archive.faults.simulation.world import World


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
    spec = replace(spec, bundle=hashlib.sha256(bundle(spec.project)[1]).hexdigest())
    seconds = tuple(random.choice((0.0, 1.0, 5.0, 40.0)) for _ in stages)
    return Plan(spec, seconds, random.choice((None, None, None, 0, 1)))


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
    if random.random() < 0.5:  # while jobs end, or when that has been listed everywhere
        begin = random.choice((0.0, 2000.0))
        life.add(
            "compactor", life.after(begin, life.compactor, random.randint(2, 6), pause=random.choice((30.0, 600.0)))
        )
        life.add("late reader", life.after(begin, life.reader, 6, pause=100.0), crashes=False)
    if random.random() < 0.2:
        life.add("mender", life.after(0, life.mender, after=random.uniform(0, 600)))
    for number in range(2):
        looks, pause = random.randint(4, 12), random.choice((2.0, 15.0, 60.0))
        life.add(f"reader {number}", life.after(0, life.reader, looks, pause=pause), crashes=False)
    life.add("the last reader", life.at_last, crashes=False)
    return life
