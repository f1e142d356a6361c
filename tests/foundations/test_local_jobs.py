"""Jobs in the environment `local`, from a driver in a process of its own to what they leave in the archive."""

import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pandas
import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "step_by_step"
OURS = Path(__file__).parents[2] / "foundations"


@pytest.fixture(scope="module")
def sample(make_project: Any) -> Any:
    """The guide's sample, run twice, and twice with both of its stages cached."""
    project = make_project("sample")
    shutil.copytree(EXAMPLE, project.root, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    text = (project.root / "driver.py").read_text()
    cached = text.replace("result.persist()", "result.persist().enable_caching()").replace("demo_project", "all_cached")
    project.write("driver_all_cached.py", cached)
    for driver in ("driver.py", "driver.py", "driver_all_cached.py", "driver_all_cached.py"):
        ended = project.drive(driver)
        assert ended.stdout == ""
    return project


def test_the_guides_sample_gives_the_guides_row(sample: Any) -> None:
    frame = sample.metrics("demo_project")
    base = ["project_name", "job_id", "user", "status", "start_time", "completed_time"]
    assert list(frame.columns) == [*base, "x-0", "x-1", "y-1", "x", "y", "output"]
    assert frame["project_name"].tolist() == ["demo_project"] * 2
    assert frame["status"].tolist() == ["Completed"] * 2
    for row in frame.iloc[:, 6:].to_dict("records"):
        assert row == {"x-0": 20, "x-1": 20, "y-1": "incr_by_10", "x": 20, "y": 30, "output": 600}
    assert (frame["start_time"] <= frame["completed_time"]).all()
    assert frame["job_id"].is_monotonic_increasing


def test_the_second_run_takes_what_is_cached_from_the_first(sample: Any) -> None:
    frame = sample.reader.get_job_information()
    stages = frame[frame.project_name == "demo_project"]
    assert stages["stage_name"].tolist() == ["incr_by_10", "mult"] * 2
    assert stages["stage_status"].tolist() == ["succeeded", "succeeded", "cached", "succeeded"]
    assert stages["args"].tolist() == [[20], [20, "incr_by_10"]] * 2
    assert stages["stage_id"].nunique() == 2
    assert (stages["delta_time"] >= pandas.Timedelta(0)).all()


def test_a_stage_served_from_the_cache_keeps_its_metrics_and_its_output(sample: Any) -> None:
    frame = sample.metrics("all_cached")
    assert frame[["x", "y", "output"]].to_dict("records") == [{"x": 20, "y": 30, "output": 600}] * 2
    first, second = frame["job_id"]
    assert sample.statuses(first)["mult"] == "succeeded"
    assert set(sample.statuses(second).values()) == {"cached"}
    target = sample.stages(second)[1]["stage_id"]
    assert sample.reader.get_unstructured_results(second, target) == [600]
    computed, served = (sample.archive.record(sample.archive.spec(job)).stages[1] for job in (first, second))
    assert served.cached_from == first
    assert served.computed_seconds == computed.seconds
    assert served.computed_at == computed.ended


def test_the_reader_has_the_samples_results_sources_and_errors(sample: Any) -> None:
    results = sample.reader.get_results()
    assert set(results["stage_name"]) == {"mult"}
    assert results["has_unstructured_result"].all()
    assert results["output"].tolist() == [600] * 4
    first, second = sample.stages()
    job = first["job_name"]
    assert second["parent_ids"] == [first["stage_id"]]
    assert sample.reader.get_source_code(first["stage_id"]) == "def incr_by_10(x):\n    return x + 10\n"
    assert sample.reader.get_unstructured_results(job, [first["stage_id"], second["stage_id"]]) == [None, 600]
    assert sample.reader.get_error_information(job) is None
    assert sample.reader.get_error_information(job, second["stage_id"]) is None


def test_a_working_copy_of_the_sample_is_the_sample(sample: Any, tmp_path: Path) -> None:
    sample.reader.create_working_copy(sample.stages()[0]["job_name"], tmp_path / "copy")

    def tree(root: Path) -> dict[str, tuple[bytes, int]]:
        return {
            file.relative_to(root).as_posix(): (file.read_bytes(), stat.S_IMODE(file.stat().st_mode))
            for file in root.rglob("*")
            if file.is_file() and "__pycache__" not in file.parts
        }

    assert tree(tmp_path / "copy") == tree(sample.root)


def test_nothing_of_a_job_is_left_on_the_machine_but_the_archive(sample: Any) -> None:
    assert not (sample.archive_path / "live").exists() or not any((sample.archive_path / "live").rglob("job*"))
    assert [entry.key for entry in sample.archive.store.list("live/")] == []
    files = {file.relative_to(sample.home).parts[0] for file in sample.home.rglob("*")}
    assert files - {"reader"} == {"runtime"}  # other tests, which read S3, share this home


def test_a_model_directory_may_have_modules_named_like_ours_and_like_pythons(make_project: Any) -> None:
    project = make_project("names")
    names = ("runner", "archive", "queue", "docker", "images/__init__", "images/build", "foundations_archive", "pickle")
    for name in names:
        project.write(f"models/{name}.py", f"NAME = {name!r}\n")
    project.write("models/__init__.py", "")
    imports = ", ".join(name for name in names if "/" not in name)
    project.write(
        "models/model.py",
        f"""
        from models import images, {imports}
        from models.images import build

        def names():
            return [module.NAME for module in (images, build, {imports})]
        """,
    )
    project.write("docker_settings.py", "NAME = 'docker_settings'\n")
    project.write(
        "driver.py",
        """
        import foundations
        from models.model import names

        print(*foundations.create_stage(names)().persist().enable_caching().run().result())
        """,
    )
    expected = ["images/__init__", "images/build", *(name for name in names if "/" not in name)]
    assert project.drive().stdout.split() == expected


SUBFOLDER = """
    import os
    from pathlib import Path

    import foundations
    from helper import HERE
    from models.model import where

    def own():
        from helper import HERE
        return HERE, Path(__file__).with_name("data.txt").read_text(), os.getcwd() == str(Path(".").resolve())

    parts = foundations.create_stage(own)(), foundations.create_stage(where)("models/data.txt")
    print(HERE, *foundations.create_stage(lambda one, other: one + other)(*parts).persist().run().result())
"""


@pytest.mark.parametrize(
    ("cwd", "driver"),
    [(".", "experiments/driver.py"), ("experiments", "driver.py"), ("models", "../experiments/driver.py")],
)
def test_a_driver_below_the_root_finds_its_own_folder_and_the_projects(
    make_project: Any, cwd: str, driver: str
) -> None:
    project = make_project("below")
    project.write("models/__init__.py", "")
    project.write("models/data.txt", "model data")
    project.write("experiments/data.txt", "own data")
    project.write("experiments/helper.py", "HERE = 'helper'\n")
    project.write("experiments/driver.py", SUBFOLDER)
    project.write(
        "models/model.py",
        """
        from pathlib import Path

        def where(path):
            root = Path(__file__).parents[1]
            return (root / path).read_text(), Path.cwd().relative_to(root.resolve()).as_posix()
        """,
    )
    ended = project.python(driver, cwd=project.root / cwd, PYTHONPATH=str(project.root))
    assert (ended.returncode, ended.stdout) == (0, f"helper helper own data True model data {cwd}\n"), ended.stderr


def test_a_driver_started_from_outside_its_project_runs_in_its_root(make_project: Any, tmp_path: Path) -> None:
    project = make_project("outside")
    project.write("data.txt", "data")
    project.write(
        "driver.py",
        """
        from pathlib import Path
        import foundations

        def read():
            return Path("data.txt").read_text()

        print(foundations.create_stage(read)().persist().run().result())
        """,
    )
    ended = project.python(os.path.relpath(project.root / "driver.py", tmp_path), cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, "data\n"), ended.stderr


def test_an_archive_inside_the_project_is_not_packed_into_its_jobs(make_project: Any) -> None:
    project = make_project("inside")
    project.write(
        "driver.py",
        "import foundations\nprint(foundations.create_stage(len)([]).persist().enable_caching().run().result())\n",
    )
    for _ in range(2):
        ended = project.drive(FOUNDATIONS_ARCHIVE="results")
        assert "1 file," in ended.stderr
    assert "served from the cache" in ended.stderr
    assert (project.root / "results" / "foundations.json").exists()


def test_a_module_that_names_what_is_the_drivers_own_can_be_imported_in_a_job(make_project: Any) -> None:
    project = make_project("own")
    project.write(
        "model.py",
        """
        from foundations import Deployment, JobPersister, ResultReader, get_queued_jobs, set_environment

        def report(job: Deployment | None, others: list[Deployment], which: "int" = 0) -> None | Deployment:
            return job

        def refused(use):
            try:
                use()
            except RuntimeError as error:
                return str(error)

        def ask():
            uses = (
                ResultReader,
                lambda: JobPersister.load_archiver_fetch(),
                get_queued_jobs,
                lambda: set_environment("gpu"),
            )
            return [refused(use) for use in uses], hasattr(ResultReader, "__wrapped__")
        """,
    )
    project.write(
        "driver.py",
        "import foundations, json, model\n"
        "print(json.dumps(foundations.create_stage(model.ask)().persist().run(job_name='j').result()))\n",
    )
    said, wrapped = json.loads(project.drive().stdout)
    names = ("ResultReader", "JobPersister", "get_queued_jobs", "set_environment")
    assert said == [
        f"foundations.{name} was used inside the job j, which has no way to other jobs, to the archive or to "
        'environments; keep the lines that use it in the driver, or below `if __name__ == "__main__":`'
        for name in names
    ]
    assert not wrapped


def test_a_driver_in_a_package_takes_its_relative_imports_along(make_project: Any) -> None:
    project = make_project("package")
    project.write("app/__init__.py", "")
    project.write("app/model.py", "from .sums import add\n\ndef step(number):\n    return add(number, 1)\n")
    project.write("app/sums.py", "def add(a, b):\n    return a + b\n")
    project.write(
        "app/driver.py",
        "import foundations\nfrom .model import step\n"
        "print(foundations.create_stage(step)(2).persist().run().result())\n",
    )
    (project.root / "config").rmdir()  # what makes it a project wherever the driver lies
    ended = project.python("-m", "app.driver")
    assert (ended.returncode, ended.stdout) == (0, "3\n"), ended.stderr


def test_an_archive_of_another_environment_inside_the_project_is_not_packed_either(make_project: Any) -> None:
    project = make_project("others")
    project.write("driver.py", "import foundations\nfoundations.create_stage(len)([]).persist().run()\n")
    project.drive(FOUNDATIONS_ARCHIVE="results")
    assert "1 file," in project.drive().stderr


@pytest.fixture(scope="module")
def named(make_project: Any) -> Any:
    project = make_project("named")
    project.write(
        "driver.py",
        "import sys, foundations\nprint(foundations.create_stage(len)([]).run(job_name=sys.argv[1]).job_name())\n",
    )
    return project


def test_a_job_has_the_name_that_it_was_given_and_nobody_else_gets_it(named: Any) -> None:
    assert named.python("driver.py", "run-1").stdout == "run-1\n"
    before = sorted(path.relative_to(named.archive_path) for path in (named.archive_path / "jobs").rglob("*"))
    again = named.python("driver.py", "run-1")
    assert again.returncode == 1
    assert again.stderr.splitlines()[-1].startswith(
        "foundations_archive.errors.JobTaken: a job named 'run-1' is in the"
    )
    assert str(OURS) not in again.stderr
    assert before == sorted(path.relative_to(named.archive_path) for path in (named.archive_path / "jobs").rglob("*"))


@pytest.mark.parametrize("name", ["../../etc", ""])
def test_a_job_name_that_is_not_safe_is_refused_before_anything_is_written(named: Any, name: str) -> None:
    ended = named.python("driver.py", name, FOUNDATIONS_ARCHIVE=str(named.root / "untouched"))
    assert ended.returncode == 1
    assert f"ValueError: {name!r} can't be the name of a job" in ended.stderr
    assert not (named.root / "untouched").exists()


def test_what_can_not_be_pickled_is_refused_before_anything_is_written(make_project: Any) -> None:
    project = make_project("unpicklable")
    project.write(
        "driver.py",
        """
        import threading
        import foundations

        class Config:
            def __init__(self):
                self.client = threading.Lock()

        foundations.create_stage(len)([Config()]).run()
        """,
    )
    ended = project.python("driver.py")
    assert ended.returncode == 1
    assert "the argument obj of stage len can't be pickled: obj[0].client is a lock" in ended.stderr
    assert str(OURS) not in ended.stderr
    assert not project.archive_path.exists()
