from pathlib import Path
from typing import Any

import pytest

from foundations.errors import SettingsError
from foundations.schema import ENVIRONMENT, did_you_mean, read_config

DOCKER = "job_deployment_env: docker\n"


def read(tmp_path: Path, text: str | bytes) -> dict[str, Any]:
    path = tmp_path / "docker.config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_config(path, "config/docker.config.yaml")


def fault(tmp_path: Path, text: str | bytes) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    assert caught.value.path == tmp_path / "docker.config.yaml"
    return caught.value


def test_every_key_can_be_set(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        """\
        job_deployment_env: docker
        docker_config: {host: "ssh://me@gpu1", base_image: "python:3.11-slim", network: bridge, memory: 8g,
                        cpus: 4, gpus: -1}
        results_config:
          archive_end_point: s3://bucket/prefix
          s3: {endpoint_url: "http://127.0.0.1:8333", region: us-east-1, profile: p, access_key_id: a,
               secret_access_key: b, session_token: c}
          outage_seconds: 60
        archive: {signing_key_file: ~/signing.key}
        cache_config: {end_point: s3://bucket/cache}
        cache: {read_only: true}
        stage_config: {threads: 4, processes: 2}
        search_config: {concurrent_jobs: 3}
        log_level: WARNING
        error_verbosity: verbose
        """,
    )
    assert config.keys() == ENVIRONMENT.keys()
    assert config["docker_config"] == {
        "host": "ssh://me@gpu1", "base_image": "python:3.11-slim", "network": "bridge", "memory": "8g", "cpus": 4,
        "gpus": -1,
    }  # fmt: skip
    assert config["results_config"]["s3"]["session_token"] == "c"


def test_the_example_of_the_reference_is_valid(tmp_path: Path) -> None:
    text = """\
job_deployment_env: docker            # local | docker
docker_config: {host: ssh://me@gpu1, base_image: python:3.11-slim, network: bridge, memory: 8g, cpus: 4, gpus: 0}
results_config: {archive_end_point: s3://bucket/prefix, s3: {endpoint_url: http://127.0.0.1:8333, region: us-east-1}}
cache_config: {end_point: s3://bucket/cache}
log_level: INFO
"""
    assert read(tmp_path, text)["docker_config"]["base_image"] == "python:3.11-slim"


def test_an_unknown_key_names_line_section_the_nearest_and_all_keys(tmp_path: Path) -> None:
    error = fault(tmp_path, DOCKER + "docker_config:\n  memmory: 8g\n")
    assert str(error) == (
        "config/docker.config.yaml, line 3: unknown key 'memmory' in docker_config; did you mean 'memory'? "
        "valid keys: host, base_image, network, memory, cpus, gpus"
    )
    assert (error.line, error.key) == (3, "docker_config.memmory")


def test_an_unknown_key_like_none_still_lists_the_valid_ones(tmp_path: Path) -> None:
    error = fault(tmp_path, DOCKER + "zzz: 1\n")
    assert str(error) == (
        "config/docker.config.yaml, line 2: unknown key 'zzz'; valid keys: job_deployment_env, docker_config, "
        "results_config, archive, cache_config, cache, stage_config, search_config, log_level, error_verbosity"
    )


@pytest.mark.parametrize(
    ("text", "line", "key", "says"),
    [
        (DOCKER + "log_level: 5", 2, "log_level", "INFO, WARNING or ERROR, not a number; put it in quotes"),
        (DOCKER + "log_level: INF", 2, "log_level", "not 'INF'; did you mean 'INFO'?"),
        ("job_deployment_env: dokcer", 1, "job_deployment_env", "docker, not 'dokcer'; did you mean 'docker'?"),
        ("job_deployment_env: [docker]", 1, "job_deployment_env", "must be local or docker, not a list"),
        (DOCKER + "docker_config: 4g", 2, "docker_config", "must be a mapping (`key: value` lines), not text"),
        (DOCKER + "docker_config: [memory]", 2, "docker_config", "not a list"),
        (DOCKER + "docker_config:\n  memory: 8 GB", 3, "docker_config.memory", "a size such as 512m or 8g, not '8 GB'"),
        (DOCKER + "docker_config:\n  memory: -1", 3, "docker_config.memory", "not '-1'"),
        (DOCKER + "docker_config:\n  memory: {a: 1}", 3, "docker_config.memory", "not a mapping"),
        (DOCKER + "docker_config:\n  cpus: 0", 3, "docker_config.cpus", "a number above 0, not '0'"),
        (DOCKER + "docker_config:\n  cpus: .nan", 3, "docker_config.cpus", "not '.nan'"),
        (DOCKER + "results_config:\n  outage_seconds: -1", 3, "results_config.outage_seconds", "a number above 0"),
        (DOCKER + "docker_config:\n  cpus: .inf", 3, "docker_config.cpus", "not '.inf'"),
        (DOCKER + "docker_config:\n  cpus: true", 3, "docker_config.cpus", "not true or false"),
        (DOCKER + "docker_config:\n  cpus: '4'", 3, "docker_config.cpus", "must be a number above 0, not the text '4'"),
        (DOCKER + "docker_config:\n  gpus: -2", 3, "docker_config.gpus", "a whole number, or -1 for all, not '-2'"),
        (DOCKER + "docker_config:\n  gpus: 1.5", 3, "docker_config.gpus", "not a number"),
        (DOCKER + "docker_config:\n  gpus: all", 3, "docker_config.gpus", "or -1 for all, not the text 'all'"),
        (DOCKER + "docker_config:\n  gpus: 0b_", 3, "docker_config.gpus", "docker_config.gpus"),
        (DOCKER + "docker_config:\n  gpus: !!int x", 3, "docker_config.gpus", "docker_config.gpus"),
        (DOCKER + "docker_config:\n  gpus: !!int [1]", 3, "docker_config.gpus", "docker_config.gpus"),
        (DOCKER + "docker_config:\n  host: gpu1", 3, "docker_config.host", "begins with unix://, tcp://, ssh:// or npipe://"),
        (DOCKER + "docker_config:\n  network: 2020-01-01", 3, "docker_config.network", "not a date; put it in quotes"),
        (DOCKER + "docker_config:\n  network: ''", 3, "docker_config.network", "must be text, not ''"),
        (DOCKER + "docker_config:\n  network: !x y", 3, "docker_config.network", "not a !x"),
        (DOCKER + "results_config:\n  archive_end_point: gs://b", 3, "results_config.archive_end_point", "gs://b"),
        (DOCKER + "search_config: {concurrent_jobs: 0}", 2, "search_config.concurrent_jobs", "a whole number above 0"),
        (DOCKER + "search_config: {concurrent_jobs: 1.5}", 2, "search_config.concurrent_jobs", "not a number"),
        (DOCKER + "search_config: {concurrent: 1}", 2, "search_config.concurrent", "did you mean 'concurrent_jobs'"),
        (DOCKER + "cache_config:\n\n  end_point: s3:///x", 4, "cache_config.end_point", "names no bucket"),
        (DOCKER + "results_config:\n  s3:\n    regin: x", 4, "results_config.s3.regin", "'regin' in results_config.s3"),
        (DOCKER + "results_config:\n  s3:\n    endpoint_url: s3.io", 4, "results_config.s3.endpoint_url", "http://"),
        (DOCKER + "log_level: INFO\njob_deployment_env: local", 3, "job_deployment_env", "already set in line 1"),
        (DOCKER + "docker_config:\n  cpus: 1\n  cpus: 2", 4, "docker_config.cpus", "already set in line 3"),
        (DOCKER + "[a]: 1", 2, "a list", "unknown key"),
        (DOCKER + "<<: {log_level: INFO}", 2, "<<", "unknown key '<<'"),
        (DOCKER + "on: 1", 2, "on", "unknown key 'on'"),
    ],
)  # fmt: skip
def test_what_can_not_be_right_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, key: str, says: str
) -> None:
    error = fault(tmp_path, text)
    assert str(error).startswith(f"config/docker.config.yaml, line {line}: ")
    assert says in str(error)
    assert (error.line, error.key) == (line, key)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", None, "the file is empty"),
        ("# nothing\n", None, "the file is empty"),
        ("- docker\n", 1, "the file must be a mapping (`key: value` lines), not a list"),
        ("docker", 1, "not text"),
        ("log_level: INFO\n", None, "job_deployment_env is missing; set it to local or docker"),
        ("job_deployment_env:\n", None, "job_deployment_env is missing"),
        (DOCKER + "log_level: 'INFO\n", 3, "this is not YAML: while scanning a quoted scalar"),
        (DOCKER + "\tlog_level: INFO\n", 2, "this is not YAML"),
        (DOCKER + " log_level: INFO\n", 2, "this is not YAML"),
        (DOCKER + "log_level: *level\n", 2, "undefined alias"),
        (DOCKER + "---\na: 1\n", 2, "single document"),
        (DOCKER + "log_level: \x01\n", None, "this is not YAML"),
        (DOCKER + "docker_config: " + "[" * 5000, None, "this is not YAML"),
        (DOCKER.encode() + b"log_level: \xff\n", 2, "this is not UTF-8"),
        (DOCKER.encode("utf-16"), 1, "this is not UTF-8"),
    ],
)
def test_a_file_that_is_no_config_says_why(tmp_path: Path, text: str | bytes, line: int | None, says: str) -> None:
    error = fault(tmp_path, text)
    where = "config/docker.config.yaml" + (f", line {line}" if line else "")
    assert str(error).startswith(f"{where}: ")
    assert says in str(error)
    assert error.line == line


def test_a_folder_in_place_of_the_file_says_why(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read: Is a directory"):
        read_config(tmp_path, "config")


def test_a_key_without_a_value_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    config = read(tmp_path, DOCKER + "docker_config:\nlog_level: ~\nresults_config: {s3: , archive_end_point: }\n")
    assert config == {"job_deployment_env": "docker", "results_config": {}}


def test_memory_may_be_a_bare_number_of_bytes(tmp_path: Path) -> None:
    for text in ("1000", "1.5g", "'512m'", "8k"):
        config = read(tmp_path, f"{DOCKER}docker_config: {{memory: {text}}}")
        assert config["docker_config"]["memory"] == text.strip("'")


def test_anchors_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    text = "\ufeff" + DOCKER + "results_config: {archive_end_point: &a /data}\ncache_config: {end_point: *a}\n"
    assert read(tmp_path, text)["cache_config"] == {"end_point": "/data"}


def test_a_variable_stands_for_its_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY", "a${b}")
    monkeypatch.setenv("KIND", "docker")
    text = "job_deployment_env: ${KIND}\nresults_config:\n  s3: {session_token: 'x-${KEY}-${KEY}', profile: $KEY}\n"
    config = read(tmp_path, text)
    assert config["job_deployment_env"] == "docker"
    assert config["results_config"]["s3"] == {"session_token": "x-a${b}-a${b}", "profile": "$KEY"}


@pytest.mark.parametrize("name", ["NOT_SET_HERE", "", "HOME:-/data"])
def test_a_variable_that_is_not_set_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    error = fault(tmp_path, f"{DOCKER}log_level: ${{{name}}}\n")
    assert str(error) == (f"config/docker.config.yaml, line 2: log_level: the environment variable {name!r} is not set")


def test_the_value_of_a_variable_is_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    error = fault(tmp_path, f"{DOCKER}docker_config: {{host: '${{SECRET}}'}}")
    assert "${SECRET}" in str(error)
    assert "hunter2" not in str(error)


def test_the_nearest_word_is_offered_only_when_it_is_near() -> None:
    assert did_you_mean("memmory", ["memory", "cpus"]) == "; did you mean 'memory'?"
    assert did_you_mean("zzz", ["memory"]) == ""
