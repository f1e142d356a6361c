"""What goes into jobs and comes out of them: arguments, results, functions, and the cache."""

import json
import shutil
from typing import Any

import pytest

from foundations import ResultReader
from foundations_archive.archive import open_archive

VALUES_MODEL = """
    import threading
    from concurrent.futures import ProcessPoolExecutor

    import numpy

    import foundations

    LOCK = threading.Lock()


    def six_hundred():
        return 600


    def lock():
        return threading.Lock()


    def kind_of(value):
        return type(value).__name__


    def generate(n):
        return (number for number in range(n))


    def total(numbers):
        return sum(numbers)


    def large(seed):
        foundations.log_metric("made", seed)
        return {"weights": numpy.arange(6_250_000, dtype="float64") + seed, "seed": seed}


    def change(model):
        model["weights"][0] = -1
        return float(model["weights"][:3].sum())


    def echo(*args, **kwargs):
        return args, kwargs


    def log_number(number):
        foundations.log_metric("number", number)


    def log_from_other_processes(count):
        with ProcessPoolExecutor(2) as pool:
            list(pool.map(log_number, range(count)))


    @foundations.create_stage
    def decorated(x):
        with LOCK:
            return x + 1


    class Scaler:
        def __init__(self, factor):
            self.factor = factor

        def scale(self, x):
            return x * self.factor

        def __call__(self, x):
            return self.scale(x)
"""
VALUES_DRIVER = """
    import functools
    import json
    import math
    from collections import namedtuple
    from dataclasses import dataclass
    from datetime import date
    from decimal import Decimal
    from pathlib import Path

    import foundations
    import models.model as model
    from foundations import create_stage

    @dataclass
    class Config:
        rate: float

    Pair = namedtuple("Pair", "left right")

    def doubled(config, pair):
        foundations.log_metric("rate", config.rate)
        return Config(config.rate * 2), pair, Path(__file__).with_name("data.txt").read_text()

    def again(stage, **options):
        return stage.persist().run(**options).result()

    found = {}

    plain = create_stage(model.six_hundred)().run(job_name="not-persisted")
    try:
        plain.result()
    except ValueError as error:
        found["not persisted"] = str(error)

    deployment = create_stage(model.kind_of)(create_stage(model.lock)().persist()).persist().run(job_name="lock")
    found["consumer of a lock"] = deployment.result()

    numbers = create_stage(model.generate)(4)
    found["consumer of a generator"] = again(create_stage(model.total)(numbers).enable_caching())

    for job in ("array-1", "array-2"):
        made = create_stage(model.large)(3).persist().enable_caching()
        found[job] = again(create_stage(model.change)(made), job_name=job)

    config, pair, text = again(create_stage(doubled)(Config(0.25), Pair(1, (2,))).enable_caching())
    found["own"] = [config.rate, type(config).__name__, pair, type(pair).__name__, text]

    odd = (math.nan, Decimal("1.5"), date(2020, 1, 2), b"x", {1: {2}}, "\\ud800", 10**5000, ..., range(3), Path("a"))
    ring = [1]
    ring.append(ring)
    functions = (lambda x: x + 1, functools.partial(max, 9), model.Scaler(2).scale, model.Scaler(3), str, abs)
    stages = [create_stage(function)(7) for function in functions]
    stages += [create_stage(max)(1, 5, 3), model.decorated(model.decorated(1))]
    args, kwargs = again(create_stage(model.echo)(*odd, ring=ring, nested=[{"k": (odd,)}], results=stages))
    found["odd"] = args[1:] == odd[1:] and repr(kwargs["nested"][0]["k"][0][1:6]) == repr(odd[1:6])
    found["ring"] = kwargs["ring"][1] is kwargs["ring"]
    found["results"] = kwargs["results"]
    found["numbers"] = create_stage(model.log_from_other_processes)(100).run().get_metric("number")
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def values(make_project: Any) -> Any:
    project = make_project("values")
    project.write("models/__init__.py", "")
    project.write("models/model.py", VALUES_MODEL)
    project.write("driver.py", VALUES_DRIVER)
    project.write("data.txt", "from a file")
    ended = project.drive()
    return project, json.loads(ended.stdout), ended.stderr


def test_values_of_every_kind_reach_a_job_and_come_back(values: Any) -> None:
    _, found, _ = values
    assert found["odd"]
    assert found["ring"]


def test_whatever_can_be_called_runs_in_a_job(values: Any) -> None:
    _, found, _ = values
    decorated_where_it_is_defined = 3
    assert found["results"] == [8, 9, 14, 21, "7", 7, 5, decorated_where_it_is_defined]


def test_a_result_that_was_not_persisted_says_what_to_do(values: Any) -> None:
    _, found, _ = values
    assert found["not persisted"].startswith("job not-persisted holds no result of stage six_hundred (succeeded); call")


def test_a_result_that_can_not_be_serialized_warns_and_the_job_goes_on(values: Any) -> None:
    project, found, said = values
    assert found["consumer of a lock"] == "lock"
    warning = (
        "foundations: warning: the result of stage lock can't be kept, it can't be serialized: lock: cannot pickle"
    )
    assert warning in said
    made, taken = project.stages("lock")
    assert (made["stage_status"], taken["stage_status"]) == ("succeeded", "succeeded")
    with pytest.raises(TypeError, match="the result of stage lock in job lock was not kept"):
        project.reader.get_unstructured_results("lock", made["stage_id"])
    assert project.reader.get_unstructured_results("lock", taken["stage_id"]) == ["lock"]


def test_a_stage_whose_argument_can_not_be_pickled_is_computed_though_it_is_to_be_cached(values: Any) -> None:
    _, found, said = values
    assert found["consumer of a generator"] == 6
    assert "foundations: warning: stage total is computed and not cached: " in said


def test_a_large_array_is_persisted_and_cached_whole(values: Any) -> None:
    project, found, _ = values
    assert found["array-1"] == found["array-2"] == -1 + 4 + 5
    for job, status in (("array-1", "succeeded"), ("array-2", "cached")):
        made = project.stages(job)[0]
        assert made["stage_status"] == status
        model = project.reader.get_unstructured_results(job, made["stage_id"])[0]
        assert model["weights"].nbytes == 50_000_000
        assert (model["weights"][0], model["weights"][-1], model["seed"]) == (3, 6_250_002, 3)
        model["weights"][0] = 0


def test_functions_and_classes_of_the_driver_itself_travel(values: Any) -> None:
    _, found, _ = values
    assert found["own"] == [0.5, "Config", [1, [2]], "Pair", "from a file"]


def test_processes_that_a_stage_starts_log_for_it(values: Any) -> None:
    _, found, _ = values
    assert sorted(found["numbers"]) == list(range(100))


def test_a_second_process_has_the_same_ids_and_is_served_from_the_cache(values: Any, make_project: Any) -> None:
    project, *_ = values
    text = (project.root / "driver.py").read_text()
    short = (
        text[: text.index("found = {}")] + "again(create_stage(doubled)(Config(0.75), Pair(1, (2,))).enable_caching())"
    )
    project.write("again.py", short)
    project.drive("again.py", PYTHONHASHSEED="1")
    project.drive("again.py", PYTHONHASHSEED="2")
    frame = project.reader.get_job_information()
    first, second = frame[frame.stage_name == "doubled"].to_dict("records")[-2:]
    assert first["stage_id"] == second["stage_id"]
    assert (first["stage_status"], second["stage_status"]) == ("succeeded", "cached")


def test_a_damaged_cached_value_is_computed_again_and_kept_again(make_project: Any) -> None:
    project = make_project("damaged")
    project.write(
        "driver.py",
        """
        import foundations

        def make():
            print("computed")
            return set(range(10_000))

        print(len(foundations.create_stage(make)().persist().enable_caching().run().result()))
        """,
    )
    assert project.drive().stdout == "computed\n10000\n"
    job = project.stages()[0]["job_name"]
    digest = project.archive.record(project.archive.spec(job)).stages[0].value.buffers[0].chunks[0]
    blob = project.archive_path / "blobs" / digest[:2] / digest
    damaged = bytearray(blob.read_bytes())
    damaged[1000] ^= 1
    blob.write_bytes(damaged)
    assert project.drive().stdout == "computed\n10000\n"
    assert project.drive().stdout == "10000\n"


def test_a_cache_of_its_own_can_be_cleared_and_no_result_is_lost(make_project: Any) -> None:
    project = make_project("apart")
    project.write(
        "config/local.config.yaml",
        """
        job_deployment_env: local
        results_config: {archive_end_point: kept/archive}
        cache_config: {end_point: kept/cache}
        log_level: WARNING
        """,
    )
    project.write(
        "driver.py",
        """
        import foundations

        def make():
            print("computed")
            return set(range(10_000))

        foundations.create_stage(make)().persist().enable_caching().run()
        """,
    )
    kept = project.root / "kept"
    for expected in ("computed\n", "", "computed\n"):
        ended = project.drive(FOUNDATIONS_ARCHIVE="")
        assert (ended.stdout, ended.stderr) == (expected, "")
        if not expected:
            shutil.rmtree(kept / "cache")
    shutil.rmtree(kept / "cache")
    reader = ResultReader(open_archive(str(kept / "archive")))
    stages = reader.get_job_information()
    assert stages["stage_status"].tolist() == ["succeeded", "cached", "succeeded"]
    for stage in stages.itertuples():
        assert reader.get_unstructured_results(stage.job_name, stage.stage_id) == [set(range(10_000))]
    assert not project.archive_path.exists()
