"""`foundations why`, where what is asked for is not there, and as JSON."""

import json

import pytest

from foundations_archive.archive import Archive, open_archive
from tests.archive.archives import ended
from tests.foundations.cli.conftest import Shell


@pytest.fixture
def archive(shell: Shell) -> Archive:
    """The archive of the environment `local`."""
    return open_archive(str(shell.home / "archive"))


def test_a_job_or_a_stage_that_is_not_there_is_a_wrong_command_line(shell: Shell, archive: Archive) -> None:
    empty = shell.foundations("why", "job")
    assert (empty.returncode, empty.stdout) == (1, "")
    assert "there is no archive at" in empty.stderr
    ended(archive)
    done = shell.foundations("why", "jop")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("foundations: there is no job 'jop' in the archive at ")
    assert shell.foundations("why", "../x").returncode == 2
    done = shell.foundations("why", "job", "trein")
    assert (done.returncode, done.stderr) == (2, "foundations: job job has no stage 'trein'; did you mean 'train'?\n")
    done = shell.foundations("why", "job", "fit")
    assert (done.returncode, done.stderr) == (2, "foundations: job job has no stage 'fit'; its stages are train\n")
    answer = json.loads(shell.foundations("why", "job", "trein", "--json").stdout)
    assert answer["kind"] == "UsageError"
    assert shell.foundations("why").returncode == 2


def test_a_job_is_found_by_the_beginning_of_its_name(shell: Shell, archive: Archive) -> None:
    for name in ("01a209b1-4c84", "01a209b1-5f00"):
        ended(archive, name)
    done = shell.foundations("why", "01a209b1-4")
    assert done.stdout.startswith("job 01a209b1-4c84 of project demo")
    for short, said in (("01a209b1", "and 2 begin with it; give more of it"), ("01a", "2 begin"), ("", "2 begin")):
        done = shell.foundations("why", short)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr


def test_a_stage_that_is_not_cached_is_told_as_such(shell: Shell, archive: Archive) -> None:
    ended(archive)
    done = shell.foundations("why", "job")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "job job of project demo, Completed: 1 not cached",
        "",
        "train  not cached: enable_caching() was not called",
    ]
    elsewhere = shell.foundations("why", "job", "train", "--json", "--archive", archive.location, cwd=shell.home)
    answer = json.loads(elsewhere.stdout)
    assert answer["verdicts"] == {"not cached": 1}
    (stage,) = answer["stages"]
    assert (stage["id"], stage["label"], stage["verdict"], stage["differences"]) == ("1", "train", "not cached", [])
