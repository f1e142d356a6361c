import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from foundations import settings
from foundations.errors import SettingsError, UnknownEnvironment
from foundations.processors import usable_processors
from foundations.settings import (
    DockerSettings,
    S3Options,
    environment_files,
    home,
    load_environment,
    selected_environment,
    set_environment,
)


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user who has selected nothing yet; returns their folder for Foundations."""
    for name in ("FOUNDATIONS_ENVIRONMENT", "FOUNDATIONS_ARCHIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FOUNDATIONS_HOME", str(tmp_path / "user"))
    monkeypatch.setattr(settings, "_selected", None)
    return tmp_path / "user"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    return root


def configure(folder: Path, name: str, text: str = "job_deployment_env: docker\n") -> Path:
    path = folder / "config" / f"{name}.config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_home_is_a_folder_in_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FOUNDATIONS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home() == tmp_path / ".foundations"


def test_home_may_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOUNDATIONS_HOME", "here")
    assert home() == tmp_path / "here"


def test_a_home_that_nobody_knows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOUNDATIONS_HOME", "~no-such-user/x")
    with pytest.raises(SettingsError, match="set FOUNDATIONS_HOME to a full path"):
        home()


def test_the_driver_decides_before_the_variable_and_local_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    assert selected_environment() == "local"
    monkeypatch.setenv("FOUNDATIONS_ENVIRONMENT", "")
    assert selected_environment() == "local"
    monkeypatch.setenv("FOUNDATIONS_ENVIRONMENT", "gpu")
    assert selected_environment() == "gpu"
    set_environment("cluster")
    assert selected_environment() == "cluster"


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a b", "a\n", "é", "a\0", 3, b"gpu", ["gpu"]])
def test_a_name_that_is_no_plain_word_is_refused(root: Path, name: Any) -> None:
    with pytest.raises(ValueError, match="can't be an environment's name"):
        set_environment(name)
    with pytest.raises(ValueError, match="can't be an environment's name"):
        load_environment(name, root)
    assert selected_environment() == "local"


def test_environments_are_listed_with_the_files_that_count_and_those_that_they_hide(root: Path, user: Path) -> None:
    assert environment_files(root) == {"local": ()}
    mine, own = configure(root, "gpu"), configure(root, "local")
    hidden, other = configure(user, "gpu"), configure(user, "cluster")
    (root / "config" / "notes.txt").write_text("no environment")
    (root / "config" / "folder.config.yaml").mkdir()
    assert environment_files(root) == {"local": (own,), "gpu": (mine, hidden), "cluster": (other,)}
    assert load_environment("gpu", root).source == mine


def test_local_needs_no_file(root: Path, user: Path) -> None:
    environment = load_environment(None, root)
    assert (environment.name, environment.source, environment.kind) == ("local", None, "local")
    assert environment.docker == DockerSettings()
    assert environment.s3 == S3Options()
    assert environment.archive == str(user / "archive")
    assert environment.cache is None
    assert environment.log_level == "INFO"


def test_local_may_have_a_file(root: Path) -> None:
    source = configure(root, "local", "job_deployment_env: local\nlog_level: DEBUG\n")
    environment = load_environment(None, root)
    assert (environment.source, environment.log_level) == (source, "DEBUG")


def test_the_projects_file_comes_before_the_users(root: Path, user: Path) -> None:
    theirs = configure(user, "gpu", "job_deployment_env: docker\nlog_level: ERROR\n")
    assert load_environment("gpu", root).source == theirs
    ours = configure(root, "gpu")
    assert load_environment("gpu", root).source == ours
    assert load_environment("gpu", root).log_level == "INFO"


def test_the_selected_environment_is_loaded_where_none_is_named(root: Path) -> None:
    configure(root, "gpu")
    set_environment("gpu")
    assert load_environment(None, root).name == "gpu"


def test_a_file_sets_the_container_and_the_bucket(root: Path) -> None:
    configure(
        root,
        "gpu",
        "job_deployment_env: docker\n"
        "docker_config: {host: 'ssh://me@gpu1', memory: 8g, cpus: 0.5, gpus: 2}\n"
        "results_config: {archive_end_point: s3://bucket/p, s3: {region: eu}}\n"
        "cache_config: {end_point: s3://bucket/cache}\n",
    )
    environment = load_environment("gpu", root)
    assert environment.docker == DockerSettings(host="ssh://me@gpu1", memory="8g", cpus=0.5, gpus=2)
    assert (environment.archive, environment.cache) == ("s3://bucket/p", "s3://bucket/cache")
    assert environment.s3 == S3Options(region="eu")


def test_a_relative_directory_is_taken_from_the_project(
    root: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(root / "me"))
    text = "job_deployment_env: local\nresults_config: {archive_end_point: ../data}\ncache_config: {end_point: ~/c}\n"
    configure(user, "x", text)
    environment = load_environment("x", root)
    assert (environment.archive, environment.cache) == (str(root.parent / "data"), str(root / "me/c"))


def test_the_variable_overrides_archive_and_cache(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "job_deployment_env: local\nresults_config: {archive_end_point: a}\ncache_config: {end_point: c}\n"
    configure(root, "x", text)
    monkeypatch.chdir(tmp_path)
    for variable, archive in (("here", str(tmp_path / "here")), ("s3://bucket/p", "s3://bucket/p")):
        monkeypatch.setenv("FOUNDATIONS_ARCHIVE", variable)
        environment = load_environment("x", root)
        assert (environment.archive, environment.cache) == (archive, None)


@pytest.mark.parametrize("text", ["gs://bucket", "s3://", " "])
def test_a_variable_that_names_no_archive_is_named(root: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("FOUNDATIONS_ARCHIVE", text)
    with pytest.raises(SettingsError, match=r"^FOUNDATIONS_ARCHIVE: ") as caught:
        load_environment(None, root)
    assert caught.value.key == "FOUNDATIONS_ARCHIVE"


@pytest.mark.parametrize("section", ["results_config", "archive"])
def test_a_signing_key_file_is_taken_from_the_project(root: Path, section: str) -> None:
    for text, path in (("../k", root / "../k"), ("/etc/k", Path("/etc/k")), ("~/k", Path("~/k").expanduser())):
        configure(root, "x", f"job_deployment_env: local\n{section}: {{signing_key_file: {text}}}\n")
        assert load_environment("x", root).signing_key_file == path
    assert load_environment("local", root).signing_key_file is None


def test_the_variable_names_another_signing_key_file(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(root, "x", "job_deployment_env: local\narchive: {signing_key_file: k}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOUNDATIONS_SIGNING_KEY_FILE", "mine")
    assert load_environment("x", root).signing_key_file == tmp_path / "mine"
    monkeypatch.setenv("FOUNDATIONS_SIGNING_KEY_FILE", "")
    assert load_environment("x", root).signing_key_file == root / "k"


def test_two_signing_key_files_are_one_too_many(root: Path) -> None:
    text = "results_config: {signing_key_file: a}\narchive: {signing_key_file: b}\n"
    configure(root, "x", f"job_deployment_env: local\n{text}")
    with pytest.raises(
        SettingsError,
        match=r"x\.config\.yaml, line 3: signing_key_file of archive is already set in results_config, line 2",
    ):
        load_environment("x", root)


@pytest.mark.parametrize("section", ["cache_config", "cache"])
def test_a_cache_is_read_only_where_one_of_two_sections_says_so(root: Path, section: str) -> None:
    configure(root, "x", f"job_deployment_env: local\n{section}: {{read_only: true}}\n")
    assert load_environment("x", root).cache_read_only
    configure(root, "x", f"job_deployment_env: local\n{section}: {{read_only: false}}\n")
    assert not load_environment("x", root).cache_read_only


def test_both_of_them_are_one_too_many_whatever_they_say(root: Path) -> None:
    configure(root, "x", "job_deployment_env: local\ncache:\n  read_only: true\ncache_config: {read_only: false}\n")
    with pytest.raises(SettingsError, match=r"config/x\.config\.yaml, line 4: .*; leave one of them out") as caught:
        load_environment("x", root)
    assert "read_only of cache_config is already set in cache, line 3" in str(caught.value)
    assert (caught.value.line, caught.value.key) == (4, "cache_config.read_only")


def test_an_unknown_environment_lists_the_known_ones_and_the_places(root: Path, user: Path) -> None:
    configure(root, "docker")
    configure(user, "gpu")
    configure(user, "not a name")
    (root / "config/folder.config.yaml").mkdir()
    with pytest.raises(UnknownEnvironment) as caught:
        load_environment("dokcer", root)
    assert caught.value.name == "dokcer"
    assert isinstance(caught.value, ValueError)
    assert str(caught.value) == (
        "there is no environment 'dokcer'; did you mean 'docker'? known ones: docker, gpu, local; "
        f"looked for dokcer.config.yaml in {root / 'config'} and {user / 'config'}"
    )


@pytest.mark.parametrize("file", ["gpu.config.yml", "gpu.yaml", "gpu.yml"])
def test_a_file_that_is_almost_named_like_an_environment_is_told_of(root: Path, file: str) -> None:
    (root / "config").mkdir()
    (root / "config" / file).write_text("job_deployment_env: docker\n")
    with pytest.raises(UnknownEnvironment) as caught:
        load_environment("gpu", root)
    said = str(caught.value)
    assert said.endswith(f"; {root / 'config' / file} is not read: rename it to gpu.config.yaml")


@pytest.mark.parametrize("name", [None, 3, ["gpu"]])
def test_a_name_that_is_no_text_is_refused(name: Any) -> None:
    with pytest.raises(ValueError, match="can't be an environment's name"):
        set_environment(name)


def test_a_fault_in_the_projects_file_is_told_from_its_root(root: Path) -> None:
    source = configure(root, "docker", "job_deployment_env: docker\ndocker_config:\n  memmory: 8g\n")
    with pytest.raises(SettingsError, match=r"^config/docker\.config\.yaml, line 3: unknown key 'memmory'") as caught:
        load_environment("docker", root)
    assert (caught.value.path, caught.value.line) == (source, 3)


def test_a_fault_in_the_users_file_is_told_with_its_full_path(root: Path, user: Path) -> None:
    source = configure(user, "docker", "")
    with pytest.raises(SettingsError) as caught:
        load_environment("docker", root)
    assert str(caught.value).startswith(f"{source}: the file is empty")


def test_credentials_are_not_shown() -> None:
    shown = repr(S3Options(region="eu", access_key_id="AK", secret_access_key="SK", session_token="ST"))
    assert "eu" in shown
    assert not any(secret in shown for secret in ("AK", "SK", "ST"))


def test_yaml_is_not_imported_before_a_file_is_read() -> None:
    code = "import sys, foundations.settings; sys.exit('yaml' in sys.modules)"
    paths = [path for path in sys.path if path]
    subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {paths}; {code}"], check=True)


@pytest.mark.parametrize(
    ("text", "jobs"),
    [
        ("job_deployment_env: docker\n", 4),
        ("job_deployment_env: local\n", usable_processors()),
        ("job_deployment_env: docker\nsearch_config: {concurrent_jobs: 7}\n", 7),
        ("job_deployment_env: local\nsearch_config: {concurrent_jobs: 1}\n", 1),
        ("job_deployment_env: docker\nsearch_config:\n", 4),
    ],
)
def test_an_environment_says_how_many_jobs_of_a_search_run_at_the_same_time(root: Path, text: str, jobs: int) -> None:
    configure(root, "some", text)
    assert load_environment("some", root).concurrent_jobs == jobs


def test_jobs_of_a_search_are_as_many_as_the_processors_that_the_driver_may_use(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    assert load_environment("local", root).concurrent_jobs == 1
