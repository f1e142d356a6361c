"""How this machine reaches its package indexes."""

import os
import subprocess
from pathlib import Path

import pytest

from foundations_images import BuildSettings, ImageError, Requirements, build_settings

NO_FILES = {"PIP_CONFIG_FILE": os.devnull, "HOME": "/nonexistent"}


def found(**environ: str) -> dict[str, str]:
    return dict(build_settings(NO_FILES | environ).environment)


def test_a_plain_machine_has_no_settings() -> None:
    assert build_settings(NO_FILES) == BuildSettings()


def test_an_index_reaches_both_installers() -> None:
    url = "https://user:token@example.org/index"
    assert found(PIP_INDEX_URL=url) == {"PIP_INDEX_URL": url, "UV_DEFAULT_INDEX": url}
    assert found(UV_INDEX_URL=url) == found(PIP_INDEX_URL=url)


def test_extra_indexes_reach_both_installers() -> None:
    one, two = "https://one.example.org/index", "https://two.example.org/index"
    assert found(PIP_EXTRA_INDEX_URL=f"{one} {two}") == {
        "PIP_EXTRA_INDEX_URL": f"{one} {two}",
        "UV_INDEX": f"{one} {two}",
    }
    assert found(UV_INDEX=f"ours={one}")["PIP_EXTRA_INDEX_URL"] == one


def test_passwords_of_named_indexes_are_handed_over() -> None:
    assert found(UV_INDEX_OURS_PASSWORD="hush-hush")["UV_INDEX_OURS_PASSWORD"] == "hush-hush"


def test_places_of_this_machine_are_left_out() -> None:
    assert found(PIP_INDEX_URL="file:///srv/index", PIP_FIND_LINKS="/srv/wheels", UV_FIND_LINKS="wheels") == {}


def test_proxies_are_handed_over_in_both_spellings() -> None:
    given = {"HTTPS_PROXY": "http://proxy:3128", "http_proxy": "http://proxy:3128", "NO_PROXY": ".example.org"}
    assert found(**given) == given


def test_variables_of_the_requirements_are_handed_over() -> None:
    requirements = Requirements((("requirements.txt", "--index-url https://${TOKEN}@example.org/index\nnumpy\n"),))
    settings = build_settings(NO_FILES | {"TOKEN": "hush-hush", "OTHER": "x"}, requirements)
    assert settings.environment == (("TOKEN", "hush-hush"),)


def test_pip_configuration_is_read(tmp_path: Path) -> None:
    config = tmp_path / ".config/pip/pip.conf"
    config.parent.mkdir(parents=True)
    (tmp_path / "ca.pem").write_bytes(b"bundle")
    config.write_text(
        f"[global]\ncert = {tmp_path}/ca.pem\nindex-url = https://example.org/index\n"
        "extra-index-url =\n  file:///srv/index\n  https://extra.example.org/index\n"
        "[install]\nindex_url = https://install.example.org/index\n"
    )
    settings = build_settings({"HOME": str(tmp_path), "PIP_CONFIG_FILE": ""})
    environment = dict(settings.environment)
    assert environment["PIP_INDEX_URL"] == "https://install.example.org/index"
    assert environment["UV_INDEX"] == "https://extra.example.org/index"
    assert settings.ca_bundle == b"bundle"


def test_the_environment_wins_over_pip_configuration(tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = https://file.example.org/index\n")
    environ = {"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(config)}
    assert dict(build_settings(environ).environment)["PIP_INDEX_URL"] == "https://file.example.org/index"
    environ["PIP_INDEX_URL"] = "https://env.example.org/index"
    assert dict(build_settings(environ).environment)["PIP_INDEX_URL"] == "https://env.example.org/index"


def test_a_broken_pip_configuration_is_named(tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.write_text("index-url = x\n")
    with pytest.raises(ImageError, match=r"pip\.conf cannot be read"):
        build_settings({"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(config)})


@pytest.mark.parametrize("name", ["PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_ca_bundle_is_found_under_any_of_its_names(tmp_path: Path, name: str) -> None:
    (tmp_path / "ca.pem").write_bytes(b"bundle")
    settings = build_settings(NO_FILES | {name: str(tmp_path / "ca.pem")})
    assert settings.ca_bundle == b"bundle"
    assert b"export SSL_CERT_FILE=/there/ca.pem\n" in settings.files("/there")["environment"]
    assert b"export PIP_CERT=/there/ca.pem\n" in settings.files("/there")["environment"]


def test_of_netrc_only_hosts_that_are_asked_are_handed_over(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text(
        "machine example.org login me password hush-hush\nmachine other.org login me password other-secret\n"
    )
    (tmp_path / ".netrc").chmod(0o600)
    environ = {"HOME": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    assert build_settings(environ).netrc is None
    settings = build_settings(environ | {"PIP_INDEX_URL": "https://example.org/index"})
    assert settings.netrc == "machine example.org login me password hush-hush\n"


def test_repr_has_no_values() -> None:
    settings = BuildSettings((("PIP_INDEX_URL", "https://u:hush-hush@example.org"),), b"planted", "hush-hush")
    assert "hush-hush" not in repr(settings)
    assert "planted" not in repr(settings)
    assert "PIP_INDEX_URL" in repr(settings)


def test_passwords_are_redacted() -> None:
    settings = BuildSettings(
        environment=(("PIP_INDEX_URL", "https://u:in-the-url@example.org"), ("TOKEN", "in-a-variable")),
        netrc="machine example.org login me password in-netrc\n",
    )
    text = "in-the-url in-a-variable in-netrc https://a:unknown@example.org/index"
    assert settings.redact(text) == "*** *** *** https://***@example.org/index"


@pytest.mark.parametrize(
    ("url", "network"),
    [
        ("http://localhost:3141/index", "host"),
        ("http://u:p@127.0.0.1/index", "host"),
        ("http://[::1]:80/index", "host"),
        ("https://localhost.example.org/index", None),
    ],
)
def test_an_index_on_this_machine_asks_for_its_network(url: str, network: str | None) -> None:
    assert build_settings(NO_FILES | {"PIP_INDEX_URL": url}).network == network


def test_a_shell_reads_values_back_as_they_are() -> None:
    value = 'it\'s $HOME `x` "q" \\ \n#'
    script = BuildSettings((("TOKEN", value),)).files("/there")["environment"] + b'printf %s "$TOKEN"'
    assert subprocess.run(["sh", "-c", script], capture_output=True, check=True).stdout.decode() == value
