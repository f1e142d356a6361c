"""The other pages: their code runs, their links lead somewhere, what they list is all there is."""

import re
import subprocess
from pathlib import Path

import pytest

from foundations.settings import load_environment
from tests.docs.drivers import ran

REPOSITORY = Path(__file__).parents[2]
PAGES = sorted(
    page
    for page in REPOSITORY.rglob("*.md")
    if not any(part.startswith(".") for part in page.relative_to(REPOSITORY).parts)
)


def test_the_readmes_twenty_lines_run_and_load_is_not_run_a_second_time(tmp_path: Path) -> None:
    code = re.search(r"```python\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)
    assert code
    runs = [ran(code[1], tmp_path, home=tmp_path / "home") for _ in range(2)]
    assert all(run.stdout.startswith("499500\n") for run in runs)
    assert "stage load succeeded" in runs[0].stderr
    assert "stage load served from the cache" in runs[1].stderr


def test_the_page_on_graphs_is_a_driver_that_runs(tmp_path: Path) -> None:
    code = re.findall(r"```python\n(.*?)```", (REPOSITORY / "docs" / "graphs.md").read_text(), re.DOTALL)
    assert "stage train succeeded" in ran("\n".join(code), tmp_path, home=tmp_path / "home").stderr


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


TRACKING = """
import os
import foundations

class BadData(Exception):
    pass

class Model:
    score = 1.5

    def save(self, path):
        os.makedirs("plots")
        open(path, "w").write("weights")

def fit(data):
    return Model()

def fail():
    raise BadData("row 3")
"""


def test_the_tracking_page_does_what_it_shows(tmp_path: Path) -> None:
    tags, train, job, resources, errors = re.findall(
        r"```python\n(.*?)```", (REPOSITORY / "docs" / "tracking.md").read_text(), re.DOTALL
    )
    run = "stage = foundations.create_stage(train)([1])\n"
    failing = "stage = foundations.create_stage(fail)()\n"
    errors = errors.replace("        ...", "        print('it was', error.__cause__)")
    end = "print(*job.fetch_job_results().columns)\nprint(open('here.pt').read(), open('there.pt').read())"
    code = TRACKING + tags + train + resources + run + job + failing + errors + end
    done = ran(code, tmp_path, home=tmp_path / "home")
    base = "project_name job_id user status start_time completed_time"
    assert done.stdout.splitlines() == [
        "fail BadData",
        "it was row 3",
        f"{base} learning_rate layers optimizer data-0 tag_reviewed tag_dataset",
        "weights weights",
    ]


def test_make_without_a_target_lists_every_target() -> None:
    shown = subprocess.run(["make"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^\.PHONY: (.*)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)[0].split()
    assert all(f"make {target} " in shown for target in targets)


def test_the_code_of_the_page_on_searches_runs(tmp_path: Path) -> None:
    text = (REPOSITORY / "docs" / "searches.md").read_text()
    searches, alone = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    said = []
    for code in (searches, alone):
        said += ran(code, tmp_path, home=tmp_path / "home").stdout.splitlines()
    assert said == ["grid 6 0.1", "random 3", "adaptive 3", "Completed 6"]
