"""Tags, parameters and artifacts of real jobs in the environment `local`."""

import json
from typing import Any

import pytest

MODEL = """
    import os
    import threading
    import warnings
    from pathlib import Path

    import foundations

    foundations.set_tag("imported")


    def track():
        foundations.set_tag("stage", 3)
        foundations.set_tag("who", "stage")
        foundations.log_params({"rate": float("nan"), "layers": (64, [32])})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            foundations.log_param("steps", 1)
            foundations.log_param("steps", 1)
            foundations.log_param("steps", 2)
        thread = threading.Thread(target=foundations.set_tag, args=("thread", True))
        thread.start()
        thread.join()
        child = os.fork()
        if not child:
            foundations.set_tag("child")
            Path("child").write_text("of the child")
            foundations.save_artifact("child")
            os._exit(0)
        os.waitpid(child, 0)
        return [str(warning.message) for warning in caught]


    def save(content):
        folder = Path("out")
        (folder / "empty").mkdir(parents=True, exist_ok=True)
        (folder / "run.sh").write_text(content)
        (folder / "run.sh").chmod(0o755)
        (folder / "with spaces \\u00fc").touch()
        (folder / "link").symlink_to("run.sh")
        foundations.save_artifact(folder)
        foundations.save_artifact(str(folder / "run.sh"), "../" + "k" * 1000)
        foundations.save_artifact(".", key="here") if content == "never" else None
        foundations.log_metric("saved", 1)
        foundations.set_tag("saved", content)
        foundations.log_param("content", content)
        (folder / "run.sh").write_text("later")
        return content


    def refused():
        folder = Path("refused")
        folder.mkdir()
        found = []

        def attempt(*arguments):
            try:
                foundations.save_artifact(*arguments)
            except Exception as error:
                found.append(f"{type(error).__name__}: {error}")
            else:
                found.append(None)

        attempt("missing.txt")
        attempt(folder, 3)
        attempt(folder, "  ")
        attempt(folder, "k" * 5000)
        (folder / "out").symlink_to("/etc")
        attempt(folder)
        (folder / "out").unlink()
        (folder / "up").symlink_to("../..")
        attempt(folder)
        (folder / "up").unlink()
        os.mkfifo(folder / "pipe")
        attempt(folder)
        attempt(folder / "pipe")
        (folder / "pipe").unlink()
        (folder / "back\\\\slash").touch()
        attempt(folder)
        (folder / "back\\\\slash").unlink()
        attempt(folder)
        return found


    def change_while_it_is_saved():
        path = Path("log.txt")
        path.write_bytes(b"a" * (20 << 20))  # more than one piece

        class Line:
            def __init__(self, line):
                self.line = line

            def send(self, message, parts):
                with path.open("ab") as file:
                    file.write(b"b" * 100)
                self.line.send(message, parts)

            def __getattr__(self, name):
                return getattr(self.line, name)

        foundations.current.line = Line(foundations.current.line)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            foundations.save_artifact(path)
        return [str(warning.message) for warning in caught]


    def save_much():
        import resource

        with open("big", "wb") as file:
            for number in range(300):
                file.write(number.to_bytes(2, "big") * (1 << 19))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        foundations.save_artifact("big")
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before


    def save_in_vain():
        Path("half").write_text("x")
        foundations.save_artifact("half")
        foundations.set_tag("half", 1)
        raise ValueError("after it was saved")
"""

DRIVER = """
    import json
    import sys
    import warnings

    import foundations
    from models import model

    foundations.set_tag("who", "driver")
    foundations.log_param("steps", 0)
    found = {"warned": []}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        foundations.save_artifact("driver.py")
    found["outside"] = [str(warning.message) for warning in caught]
    found["track"] = foundations.create_stage(model.track)().persist().run(job_name="track").result()
    for job in ("save", "cached"):
        foundations.create_stage(model.save)("one").enable_caching().run(job_name=job)
    for name in ("refused", "change_while_it_is_saved", "save_much"):
        found[name] = foundations.create_stage(getattr(model, name))().persist().run(job_name=name).result()
    try:
        foundations.create_stage(model.save_in_vain)().run(job_name="vain")
    except foundations.JobFailedError as error:
        found["vain"] = type(error.__cause__).__name__

    foundations.create_stage(model.save)("two").options(process=True).run(job_name="process")
    try:
        foundations.create_stage(model.save_in_vain)().options(process=True).run(job_name="process-vain")
    except foundations.JobFailedError as error:
        found["process vain"] = [type(error.__cause__).__name__, str(error)]
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def tracked(make_project: Any) -> Any:
    project = make_project("tracking")
    project.write("models/model.py", MODEL)
    project.write("driver.py", DRIVER)
    ended = project.drive()
    found = json.loads(ended.stdout.splitlines()[-1])
    return project, found, project.metrics("default").set_index("job_id")


def test_what_driver_module_and_stage_say_is_in_the_jobs_row(tracked: Any) -> None:
    _, _, frame = tracked
    row = frame.loc["track"]
    assert row["tag_who"] == "stage"
    assert row["tag_stage"] == 3
    assert row["tag_thread"] == True  # noqa: E712 - as the column has it
    assert (row["tag_imported"], row["tag_child"]) == ("", "")
    assert row["steps"] == 2
    assert row["layers"] == [64, [32]]
    assert row["rate"] != row["rate"]  # NaN
    assert frame.loc["save"]["tag_who"] == "driver"
    assert frame.loc["save"]["steps"] == 0


def test_a_process_that_a_stage_forks_saves_for_it(tracked: Any, tmp_path: Any) -> None:
    project, *_ = tracked
    assert project.reader.get_artifacts("track")["key"].tolist() == ["child"]
    assert project.reader.download_artifact("track", "child", tmp_path / "x").read_text() == "of the child"


def test_a_parameter_that_a_job_changes_is_told_once(tracked: Any) -> None:
    _, found, _ = tracked
    assert found["track"] == ["the parameter 'steps' of this job was 1 and is 2 now; the last one counts"]


def test_a_stage_that_changes_a_parameter_of_its_run_is_told(make_project: Any) -> None:
    project = make_project("changes")
    project.write(
        "driver.py",
        """
        import foundations

        def train(rate):
            foundations.log_param("rate", rate)
            foundations.log_param("rate", 0.2)

        foundations.create_stage(train)(foundations.Hyperparameter()).run(rate=0.1)
        """,
    )
    ended = project.drive()
    assert ended.stderr.count("the parameter 'rate' of this job was 0.1 and is 0.2 now; the last one counts") == 1


def test_logged_parameters_are_beside_the_stages_too(tracked: Any) -> None:
    project, *_ = tracked
    [stage] = project.stages("track")
    assert stage["steps"] == 2


def test_an_artifact_outside_a_stage_is_warned_of(tracked: Any) -> None:
    _, found, _ = tracked
    [warning] = found["outside"]
    assert warning.startswith("the artifact 'driver.py' was saved outside a stage and is not kept")


@pytest.mark.parametrize("job", ["save", "cached", "process"])
def test_artifacts_come_back_as_they_were_saved(tracked: Any, tmp_path: Any, job: str) -> None:
    project, _, frame = tracked
    reader = project.reader
    listed = reader.get_artifacts(job)
    assert listed["key"].tolist() == ["out", "../" + "k" * 1000]
    assert listed["kind"].tolist() == ["folder", "file"]
    assert listed["stage_name"].tolist() == ["save", "save"]
    out = reader.download_artifact(job, "out", tmp_path / "out")
    content = "two" if job == "process" else "one"
    assert (out / "run.sh").read_text() == content
    assert (out / "run.sh").stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in out.iterdir()) == ["empty", "link", "run.sh", "with spaces ü"]
    assert str((out / "link").readlink()) == "run.sh"
    assert reader.download_artifact(job, "../" + "k" * 1000, tmp_path / "x").read_text() == content
    assert (frame.loc[job]["tag_saved"], frame.loc[job]["saved"], frame.loc[job]["content"]) == (content, 1, content)


def test_a_cached_stage_replays_what_it_said(tracked: Any) -> None:
    project, *_ = tracked
    assert project.statuses("cached") == {"save": "cached"}


def test_what_can_not_be_kept_is_refused_on_its_line(tracked: Any) -> None:
    _, found, _ = tracked
    missing, number, blank, long, outside, above, pipe, alone, name, good = found["refused"]
    assert missing.startswith(
        "FileNotFoundError: there is nothing at 'missing.txt' to save as an artifact; the working"
    )
    assert number == "ValueError: the key of an artifact must be a text that is not blank, got 3"
    assert blank == "ValueError: the key of an artifact must be a text that is not blank, got '  '"
    assert long == "ValueError: the key of an artifact may have 4096 characters, got 5000"
    assert outside.startswith("ValueError: 'refused/out' is a link that leads out of the folder 'refused', to '/etc'")
    assert above.startswith("ValueError: 'refused/up' is a link that leads out of the folder 'refused', to '../..'")
    assert pipe == "ValueError: 'refused/pipe' is neither a file nor a folder and can't be kept as an artifact"
    assert "refused/pipe' is neither a file nor a folder" in alone
    assert name == r"ValueError: the artifact 'refused' can't be kept: 'back\\slash' has a backslash in its name"
    assert good is None


def test_a_refused_artifact_leaves_nothing_behind_in_the_record(tracked: Any) -> None:
    project, *_ = tracked
    assert project.reader.get_artifacts("refused")["files"].tolist() == [0]


def test_a_file_that_grows_while_it_is_saved_is_kept_as_it_was_and_told_of(tracked: Any, tmp_path: Any) -> None:
    project, found, _ = tracked
    job = "change_while_it_is_saved"
    [warning] = found[job]
    assert warning.startswith("the file ")
    assert "was written to while it was saved" in warning
    assert project.reader.get_artifacts(job)["size"].tolist() == [20 << 20]
    saved = project.reader.download_artifact(job, "log.txt", tmp_path / "log").read_bytes()
    assert saved == b"a" * (20 << 20)


def test_300_megabytes_are_never_in_memory_at_once(tracked: Any, tmp_path: Any) -> None:
    project, found, _ = tracked
    assert found["save_much"] < 100 * 1024  # kilobytes
    path = project.reader.download_artifact("save_much", "big", tmp_path / "big")
    assert path.stat().st_size == 300 << 20
    with path.open("rb") as file:
        file.seek(299 << 20)
        assert file.read(2) == (299).to_bytes(2, "big")


@pytest.mark.parametrize("job", ["vain", "process-vain"])
def test_what_a_stage_saved_before_it_failed_is_there(tracked: Any, tmp_path: Any, job: str) -> None:
    project, _, frame = tracked
    assert project.reader.download_artifact(job, "half", tmp_path / "half").read_text() == "x"
    assert frame.loc[job]["tag_half"] == 1


def test_the_type_of_an_error_is_kept_in_threads_and_processes(tracked: Any) -> None:
    _, found, _ = tracked
    assert found["vain"] == "ValueError"
    kind, text = found["process vain"]
    assert kind == "ValueError"
    assert text.count("Traceback") == 1
    assert "in save_in_vain" in text
    assert "/foundations/" not in text


def test_an_unknown_job_is_named(tracked: Any) -> None:
    project, *_ = tracked
    with pytest.raises(KeyError, match="there is no job 'nobody'"):
        project.reader.get_artifacts("nobody")
    with pytest.raises(KeyError, match="there is no job 'nobody'"):
        project.reader.download_artifact("nobody", "x", "y")
