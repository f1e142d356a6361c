import os
from pathlib import Path

import pytest

from foundations.errors import BundleError
from foundations.leaks import find_leaks, refuse_leaks

# written in two parts, so that neither we nor anyone who scans this repository takes them for real
PRIVATE_KEY = "-----BEGIN " + "RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END " + "RSA PRIVATE KEY-----\n"
CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIEpAIBAAKCAQEA\n-----END CERTIFICATE-----\n"


def leaks(root: Path, path: str, content: str | bytes = "", **options: frozenset[str]) -> list[str]:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [str(leak) for leak in find_leaks(root, [path], **options)]


@pytest.mark.parametrize(
    "path",
    [
        ".env", "sub/.env", ".env.production", ".ENV", "id_rsa", "keys/id_dsa", "id_ecdsa", "id_ed25519", ".netrc",
        ".pgpass", ".pypirc", ".git-credentials", ".aws/credentials", "home/.ssh/config", ".kube/config",
        ".docker/config.json", "passwords.kdbx", "cert.p12", "cert.pfx", "server.key", "server.pem", "a/SERVER.PEM",
    ],
)  # fmt: skip
def test_a_file_that_is_named_like_credentials_is_found(tmp_path: Path, path: str) -> None:
    [found] = leaks(tmp_path, path)
    assert found.startswith(f"{path} (")


@pytest.mark.parametrize(
    "path",
    [
        ".env.example", ".env.sample", ".env.template", "env", "environment.py", "id_rsa.pub", "id_rsa_test.py",
        "keys.py", "aws/config", ".envrc", "key", "my.key.md", "credentials.json", "credentials.py", "ssh/config",
    ],
)  # fmt: skip
def test_a_name_that_only_sounds_similar_is_fine(tmp_path: Path, path: str) -> None:
    assert leaks(tmp_path, path) == []


@pytest.mark.parametrize(
    ("looks_like", "content"),
    [
        ("a private key", PRIVATE_KEY),
        ("a private key", "-----BEGIN " + "PRIVATE KEY-----"),
        ("a private key", '{"key": "-----BEGIN ' + 'PRIVATE KEY-----\\nMII"}'),
        ("a private key", "-----BEGIN " + "OPENSSH PRIVATE KEY-----"),
        ("a private key", "-----BEGIN " + "ENCRYPTED PRIVATE KEY-----"),
        ("a private key", "-----BEGIN " + "PGP PRIVATE KEY BLOCK-----"),
        ("a private key", "---- BEGIN " + "SSH2 ENCRYPTED PRIVATE KEY ----"),
        ("a private SSH key", "PuTTY-User-Key-" + "File-2: ssh-rsa"),
        ("an AWS access key id", "key = 'AKIA" + "QYLPMN5HFIQR7XYA'"),
        ("an AWS access key id", "ASIA" + "QYLPMN5HFIQR7XYA"),
        ("a GitHub token", "ghp_" + "a1B2" * 9),
        ("a GitHub token", "token=gho_" + "a1B2" * 9),
        ("a GitHub token", "github_pat_" + "a1_B" * 20),
        ("a GitLab token", "glpat-" + "a1-B" * 5),
        ("a Slack token", "xoxb-" + "123456789012-abcdefghij"),
        ("a Slack token", "xoxp-" + "123456789012-abcdefghij"),
        ("a Google API key", "AIza" + "Sy-3" * 8 + "abc"),
        ("a Hugging Face token", "hf_" + "aB" * 17),
        ("an OpenAI key", "sk-proj-" + "aB1-" * 10 + "T3BlbkFJ" + "aB1-" * 10),
        ("an Anthropic key", "sk-ant-api03-" + "aB1-" * 20),
        ("a PyPI token", "pypi-AgEIcHlwaS5vcmc" + "aB1-" * 20),
        ("an npm token", "npm_" + "aB1c" * 9),
        ("a Stripe key", "sk_live_" + "aB1c" * 6),
        ("an Azure storage key", "AccountKey=" + "aB1/" * 21 + "ab=="),
    ],
)
def test_a_known_format_is_found_with_its_line_but_not_its_value(tmp_path: Path, looks_like: str, content: str) -> None:
    assert leaks(tmp_path, "src/m.py", f"# first\r\n\nüx = {content}\n") == [f"src/m.py:3 ({looks_like})"]


@pytest.mark.parametrize(
    "content",
    [
        "", "password=hunter2", "AKIA" + "IOSFODNN7EXAMPLE", "XAKIA" + "QYLPMN5HFIQR7XYA", "akia" + "qylpmn5hfiqr7xya",
        "ghp_short", "xoxo-love-from-me-to-you", "hf_hub_download", "sk-learn", "task-list-with-a-long-name-in-it",
        "-----BEGIN CERTIFICATE-----", "-----BEGIN PUBLIC KEY-----", "the PRIVATE KEY", "AIzaShort", "sk_live_x",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC me@host", "npm_config_cache", "github_pat_",
    ],
)  # fmt: skip
def test_ordinary_text_is_fine(tmp_path: Path, content: str) -> None:
    assert leaks(tmp_path, "m.py", f"x = '{content}'\n") == []


def test_every_line_is_named_in_order(tmp_path: Path) -> None:
    content = "ghp_" + "a1B2" * 9 + "\n\nAKIA" + "QYLPMN5HFIQR7XYA\n" + PRIVATE_KEY
    assert leaks(tmp_path, "m.py", content) == [
        "m.py:1 (a GitHub token)",
        "m.py:3 (an AWS access key id)",
        "m.py:4 (a private key)",
    ]


@pytest.mark.parametrize("path", ["ca.pem", "ca.key"])
def test_a_public_certificate_is_fine_and_a_key_beside_it_is_not(tmp_path: Path, path: str) -> None:
    assert leaks(tmp_path, path, "# who\n" + CERTIFICATE * 2) == []
    assert leaks(tmp_path, path, CERTIFICATE + PRIVATE_KEY) == [f"{path}:4 (a private key)"]
    assert leaks(tmp_path, path, b"\x30\x82\0\0") == [f"{path} (a key)"]


def test_a_service_account_is_found_by_what_is_in_it(tmp_path: Path) -> None:
    assert leaks(tmp_path, "credentials.json", '{"installed": {"client_id": "x"}}') == []
    assert leaks(tmp_path, "credentials.json", '{"private_key": "x"}') == [
        "credentials.json (the credentials of a service account)"
    ]


def test_binary_and_large_files_are_not_searched(tmp_path: Path) -> None:
    assert leaks(tmp_path, "weights.bin", b"\0" + PRIVATE_KEY.encode()) == []
    assert leaks(tmp_path, "log.txt", PRIVATE_KEY + "x" * 1_000_000) == []
    padding = "x" * (1_000_000 - len(PRIVATE_KEY) - 1)
    assert leaks(tmp_path, "log.txt", f"{padding}\n{PRIVATE_KEY}") == ["log.txt:2 (a private key)"]


def test_a_glob_allows_a_file(tmp_path: Path) -> None:
    assert leaks(tmp_path, "tests/data/server.pem", PRIVATE_KEY, allow=frozenset({"tests/*.pem"})) == []
    assert leaks(tmp_path, "server.pem", PRIVATE_KEY, allow=frozenset({"tests/*.pem"})) != []


def test_the_allow_file_allows_a_file(tmp_path: Path) -> None:
    (tmp_path / ".foundationsallow").write_text("# for the tests\n\n  tests/*  \n.env\n")
    assert leaks(tmp_path, "tests/id_rsa") == []
    assert leaks(tmp_path, ".env") == []
    assert leaks(tmp_path, "sub/.env") != []
    assert leaks(tmp_path, "# for the tests/id_rsa") != []


def test_a_refusal_names_all_and_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SECRET=hunter2")
    (tmp_path / "m.py").write_text("\n" + PRIVATE_KEY + PRIVATE_KEY)
    with pytest.raises(BundleError) as caught:
        refuse_leaks(tmp_path, [".env", "m.py"])
    assert caught.value.paths == (".env", "m.py")
    assert str(caught.value) == (
        "these look like credentials and would travel with the job; name them in .foundationsignore, or if the job "
        "needs them in .foundationsallow, one glob per line:\n"
        "  .env (variables that are kept out of the code)\n"
        "  m.py:2 (a private key)\n"
        "  m.py:5 (a private key)"
    )


def test_a_refusal_is_never_endless(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text(PRIVATE_KEY * 100)
    with pytest.raises(BundleError, match=r"and 80 more$"):
        refuse_leaks(tmp_path, ["m.py"])


def test_nothing_is_refused_where_nothing_is_found(tmp_path: Path) -> None:
    (tmp_path / "m.py").touch()
    refuse_leaks(tmp_path, ["m.py"])


def test_a_file_that_vanished_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="'gone' can't be read: No such file"):
        find_leaks(tmp_path, ["gone"])


def test_a_fifo_in_a_files_place_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert find_leaks(tmp_path, ["pipe"]) == []


@pytest.mark.parametrize(
    ("path", "content", "line"),
    [
        ("config/a.config.yaml", "results_config:\n  s3:\n    secret_access_key: hunter2\n", 3),
        ("config/a.config.yaml", "results_config: {s3: {'session_token': 'x'}}\n", 1),
        ("requirements.txt", "numpy\n--extra-index-url https://me:hunter2@host/index\n", 2),
        ("deps/constraints-dev.txt", "a @ https://me:hunter2@host/a.whl\n", 1),
    ],
)
def test_a_secret_is_found_by_where_it_stands(tmp_path: Path, path: str, content: str, line: int) -> None:
    (found,) = leaks(tmp_path, path, content)
    assert found.startswith(f"{path}:{line} (a ")
    assert "${NAME}" in found
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("config/a.config.yaml", "s3: {secret_access_key: ${LAB_SECRET}, session_token: '${T}'}\n"),
        ("config/a.config.yaml", "s3:\n  secret_access_key:\n  profile: lab\n"),
        ("requirements.txt", "--extra-index-url https://me:${PASSWORD}@host/index\n-i https://host/index\n"),
        ("m.py", "client(secret_access_key=find(), url='https://me:you@host')\n"),
    ],
)
def test_a_variable_in_a_secrets_place_is_fine(tmp_path: Path, path: str, content: str) -> None:
    assert leaks(tmp_path, path, content) == []
