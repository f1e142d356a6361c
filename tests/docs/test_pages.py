"""The other pages: their code runs, their links lead somewhere, what they list is all there is."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from foundations.settings import load_environment

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in REPOSITORY.rglob("*.md")
    if not any(part.startswith(".") for part in page.relative_to(REPOSITORY).parts)
)


def test_the_readmes_twenty_lines_run_and_load_is_not_run_a_second_time(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)
    assert code
    (tmp_path / "driver.py").write_text(code[1])
    environment = {**os.environ, "FOUNDATIONS_HOME": str(tmp_path / "home")}
    environment.pop("FOUNDATIONS_ENVIRONMENT", None)
    runs = [
        subprocess.run(
            [sys.executable, "driver.py"],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        for _ in range(2)
    ]
    assert [(run.returncode, run.stderr) for run in runs if run.returncode] == []
    assert all(run.stdout.startswith("499500\n") for run in runs)
    assert "stage load succeeded" in runs[0].stderr
    assert "stage load served from the cache" in runs[1].stderr


def test_the_page_on_graphs_is_a_driver_that_runs(tmp_path: Path) -> None:
    code = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs" / "graphs.md").read_text(), re.DOTALL)
    (tmp_path / "driver.py").write_text("\n".join(code))
    environment = {**os.environ, "FOUNDATIONS_HOME": str(tmp_path / "home"), "FOUNDATIONS_ENVIRONMENT": "local"}
    command = [sys.executable, "driver.py"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert ran.returncode == 0, ran.stderr
    assert "stage train succeeded" in ran.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    missing = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not missing


def test_the_settings_page_shows_a_config_that_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_KEY_ID", "id")
    monkeypatch.setenv("LAB_SECRET", "secret")
    monkeypatch.delenv("FOUNDATIONS_ARCHIVE", raising=False)
    code = re.search(r"```yaml\n(.*?)```", (REPOSITORY / "docs" / "settings.md").read_text(), re.DOTALL)
    assert code
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "gpu.config.yaml").write_text(code[1])
    environment = load_environment("gpu", tmp_path)
    assert environment.docker.memory == "8g"
    assert environment.archive == "s3://bucket/prefix"
    assert environment.s3.access_key_id == "id"


def test_make_without_a_target_lists_every_target() -> None:
    shown = subprocess.run(["make"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^\.PHONY: (.*)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)[0].split()
    assert all(f"make {target} " in shown for target in targets)
