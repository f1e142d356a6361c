"""What is built and installed: exactly these files, and with what they declare to need they run the guide's sample."""

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
FILES = """
foundations/README.md
foundations/__init__.py
foundations/__main__.py
foundations/accepting.py
foundations/ancestors.py
foundations/archives.py
foundations/arrow_format.py
foundations/artifacts.py
foundations/attribute.py
foundations/board.py
foundations/building.py
foundations/bundle.py
foundations/cache_use.py
foundations/cached_run.py
foundations/caching.py
foundations/candidates.py
foundations/cli/__init__.py
foundations/cli/archive/__init__.py
foundations/cli/archive/check_archive.py
foundations/cli/archive/compact_archive.py
foundations/cli/archive/copy_archive.py
foundations/cli/archive/gc_archive.py
foundations/cli/archive/place.py
foundations/cli/archive/serve_archive.py
foundations/cli/archive/stats_archive.py
foundations/cli/cache/__init__.py
foundations/cli/cache/accept_cache.py
foundations/cli/deploy.py
foundations/cli/drivers.py
foundations/cli/info.py
foundations/cli/init.py
foundations/cli/output.py
foundations/cli/parser.py
foundations/cli/plan.py
foundations/cli/probes.py
foundations/cli/survey.py
foundations/cli/template/README.md.template
foundations/cli/template/config/docker.config.yaml.template
foundations/cli/template/config/local.config.yaml.template
foundations/cli/template/driver.py.template
foundations/cli/template/foundationsignore.template
foundations/cli/template/gitignore.template
foundations/cli/template/models/__init__.py.template
foundations/cli/template/models/logistic.py.template
foundations/cli/template/requirements.txt.template
foundations/cli/template/results.py.template
foundations/cli/why.py
foundations/cli/why_lines.py
foundations/culprits.py
foundations/current.py
foundations/deployment.py
foundations/describe.py
foundations/difference_lines.py
foundations/differences.py
foundations/diversion.py
foundations/downloads.py
foundations/drawing.py
foundations/driver.py
foundations/dry_run.py
foundations/earlier.py
foundations/entries.py
foundations/errors.py
foundations/excepthook.py
foundations/execute.py
foundations/explaining.py
foundations/explanation.py
foundations/explanation_reader.py
foundations/failures.py
foundations/forked.py
foundations/frames.py
foundations/graph.py
foundations/hosts.py
foundations/identity.py
foundations/ignore_files.py
foundations/in_job.py
foundations/intermediate.py
foundations/ipython.py
foundations/job_frames.py
foundations/job_id.py
foundations/jobs.py
foundations/keys/__init__.py
foundations/keys/argument_files.py
foundations/keys/arrays.py
foundations/keys/arrow.py
foundations/keys/attribution.py
foundations/keys/bytecode.py
foundations/keys/chance_names.py
foundations/keys/change_names.py
foundations/keys/changing.py
foundations/keys/claims.py
foundations/keys/classes.py
foundations/keys/closure.py
foundations/keys/coarse.py
foundations/keys/code_reader.py
foundations/keys/constants.py
foundations/keys/containers.py
foundations/keys/data.py
foundations/keys/effects.py
foundations/keys/escape_audit.py
foundations/keys/file_digests.py
foundations/keys/finishing.py
foundations/keys/flow.py
foundations/keys/frames.py
foundations/keys/functions.py
foundations/keys/global_state.py
foundations/keys/graph.py
foundations/keys/graph_digest.py
foundations/keys/hints.py
foundations/keys/ignored.py
foundations/keys/imports.py
foundations/keys/kinds.py
foundations/keys/leavings.py
foundations/keys/library.py
foundations/keys/live_record.py
foundations/keys/locality.py
foundations/keys/making.py
foundations/keys/memory.py
foundations/keys/mentions.py
foundations/keys/module_source.py
foundations/keys/modules.py
foundations/keys/name_reader.py
foundations/keys/named_files.py
foundations/keys/no_identity.py
foundations/keys/nodes.py
foundations/keys/objects.py
foundations/keys/observed.py
foundations/keys/observer.py
foundations/keys/parsing.py
foundations/keys/places.py
foundations/keys/plain_values.py
foundations/keys/polars_frames.py
foundations/keys/process_settings.py
foundations/keys/reach.py
foundations/keys/reflection.py
foundations/keys/refused_kinds.py
foundations/keys/sentinels.py
foundations/keys/settings_watch.py
foundations/keys/shared_generators.py
foundations/keys/shown.py
foundations/keys/sparse.py
foundations/keys/stage_keys.py
foundations/keys/standard.py
foundations/keys/started_programs.py
foundations/keys/subjects.py
foundations/keys/tensors.py
foundations/keys/top_level.py
foundations/keys/transcript.py
foundations/keys/trees.py
foundations/keys/unloaded.py
foundations/keys/user_code.py
foundations/keys/value_cycles.py
foundations/keys/value_parts.py
foundations/keys/value_walk.py
foundations/keys/values.py
foundations/keys/variables_at_import.py
foundations/keys/watched_clock.py
foundations/keys/watched_environment.py
foundations/keys/watched_existence.py
foundations/keys/watched_files.py
foundations/keys/watched_links.py
foundations/keys/watched_processes.py
foundations/keys/words.py
foundations/launch.py
foundations/leaks.py
foundations/left_behind.py
foundations/leftovers.py
foundations/metrics.py
foundations/notebook_view.py
foundations/npy_format.py
foundations/originals.py
foundations/output.py
foundations/outside.py
foundations/packages.py
foundations/parameters.py
foundations/parts.py
foundations/pickler.py
foundations/pickling.py
foundations/pictures/__init__.py
foundations/pictures/boxes.py
foundations/pictures/drawing.py
foundations/pictures/folding.py
foundations/pictures/latest.py
foundations/pictures/layers.py
foundations/pictures/layout.py
foundations/pictures/mermaid.py
foundations/pictures/picture.py
foundations/pictures/shapes.py
foundations/pictures/svg.py
foundations/pictures/text.py
foundations/plain.py
foundations/plan.py
foundations/planning.py
foundations/printable.py
foundations/processors.py
foundations/progress.py
foundations/project.py
foundations/py.typed
foundations/ranges.py
foundations/reader.py
foundations/refusals.py
foundations/report.py
foundations/resources.py
foundations/results.py
foundations/running.py
foundations/same_process.py
foundations/schedule.py
foundations/schema.py
foundations/search.py
foundations/search_progress.py
foundations/settings.py
foundations/signature.py
foundations/single_flight.py
foundations/source_lines.py
foundations/stage.py
foundations/stage_cache.py
foundations/stage_id.py
foundations/stage_labels.py
foundations/stage_process.py
foundations/stage_processes.py
foundations/stage_reasons.py
foundations/stage_threads.py
foundations/staged.py
foundations/terminal_view.py
foundations/time_limit.py
foundations/tracebacks.py
foundations/tracking.py
foundations/trials.py
foundations/values.py
foundations/verbosity.py
foundations/view.py
foundations/walk.py
foundations/why_frame.py
foundations/worker.py
foundations_archive/__init__.py
foundations_archive/archive.py
foundations_archive/blobs.py
foundations_archive/cache_entries.py
foundations_archive/cancellation.py
foundations_archive/codecs.py
foundations_archive/columns.py
foundations_archive/damage.py
foundations_archive/descriptor.py
foundations_archive/envelope.py
foundations_archive/errors.py
foundations_archive/events.py
foundations_archive/expected_entries.py
foundations_archive/files.py
foundations_archive/groups.py
foundations_archive/hiding.py
foundations_archive/index.py
foundations_archive/job_reading.py
foundations_archive/job_writing.py
foundations_archive/late.py
foundations_archive/layout.py
foundations_archive/leases.py
foundations_archive/ledger.py
foundations_archive/local.py
foundations_archive/location.py
foundations_archive/manifest.py
foundations_archive/pace.py
foundations_archive/packing.py
foundations_archive/packs.py
foundations_archive/parallel.py
foundations_archive/py.typed
foundations_archive/reader_cache.py
foundations_archive/records.py
foundations_archive/rereading.py
foundations_archive/retrying.py
foundations_archive/s3.py
foundations_archive/s3_clock.py
foundations_archive/s3_connection.py
foundations_archive/s3_direct.py
foundations_archive/segments.py
foundations_archive/series.py
foundations_archive/signing.py
foundations_archive/standing.py
foundations_archive/store.py
foundations_archive/table.py
foundations_archive/tracked.py
foundations_archive/unpacking.py
foundations_archive/upkeep/__init__.py
foundations_archive/upkeep/check.py
foundations_archive/upkeep/check_blobs.py
foundations_archive/upkeep/check_index.py
foundations_archive/upkeep/check_jobs.py
foundations_archive/upkeep/collection.py
foundations_archive/upkeep/copying.py
foundations_archive/upkeep/examination.py
foundations_archive/upkeep/findings.py
foundations_archive/upkeep/inventory.py
foundations_archive/upkeep/marking.py
foundations_archive/upkeep/old_leases.py
foundations_archive/upkeep/references.py
foundations_archive/upkeep/repair.py
foundations_archive/upkeep/s3_server.py
foundations_archive/upkeep/stats.py
foundations_archive/upkeep/temporary.py
foundations_images/__init__.py
foundations_images/blame.py
foundations_images/build.py
foundations_images/ensure.py
foundations_images/errors.py
foundations_images/lines.py
foundations_images/netrc_entries.py
foundations_images/pip_config.py
foundations_images/progress.py
foundations_images/py.typed
foundations_images/recipe.py
foundations_images/redaction.py
foundations_images/requirements.py
foundations_images/rules.py
foundations_images/settings.py
foundations_images/spec.py
foundations_images/trace.py
foundations_runner/__init__.py
foundations_runner/cancellation_watch.py
foundations_runner/cause.py
foundations_runner/channel.py
foundations_runner/container.py
foundations_runner/conversation.py
foundations_runner/courier.py
foundations_runner/docker_host.py
foundations_runner/dry_run.py
foundations_runner/endings.py
foundations_runner/engine.py
foundations_runner/errors.py
foundations_runner/expected.py
foundations_runner/explanations.py
foundations_runner/following.py
foundations_runner/gpus.py
foundations_runner/handover.py
foundations_runner/host.py
foundations_runner/intake.py
foundations_runner/interrupts.py
foundations_runner/journal.py
foundations_runner/launch/start_courier.py
foundations_runner/launch/start_worker.py
foundations_runner/leases_held.py
foundations_runner/log_reader.py
foundations_runner/lookups.py
foundations_runner/order.py
foundations_runner/process_host.py
foundations_runner/py.typed
foundations_runner/rehearsal.py
foundations_runner/ring.py
foundations_runner/run.py
foundations_runner/runtime.py
foundations_runner/serving.py
foundations_runner/uploads.py
foundations_runner/volume.py
foundations_runner/worker_events.py
foundations_runner/worker_process.py
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build must leave nothing in the repository."""
    source = tmp_path_factory.mktemp("source") / "foundations"
    for name in ("foundations", "runner", "images", "archive"):
        shutil.copytree(REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(REPOSITORY / name, source)
    isolation = [] if importlib.util.find_spec("hatchling") is None else ["--no-isolation"]
    target = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", *isolation, "--outdir", str(target), str(source))
    [found] = target.iterdir()
    return found


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that holds the wheel, what that declares to need, and nothing else."""
    environment = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", str(environment))
    installed = environment / "bin" / "python"
    # uncompiled: that takes longer than all the rest
    pip = [sys.executable, "-m", "pip", "--python", str(installed), "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-compile", str(wheel))
    return installed


def run(*command: str, cwd: Path | None = None, **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("FOUNDATIONS_", "PYTHON"))}
    done = subprocess.run(
        command, cwd=cwd, env={**inherited, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_holds_exactly_these_files(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert sorted(name for name in names if ".dist-info/" not in name) == FILES.split()


def test_the_wheel_says_who_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith("/METADATA")]
        metadata = archive.read(name).decode()
    assert "\nName: foundations\n" in metadata
    assert "\nRequires-Python: <3.14,>=3.11\n" in metadata
    assert "\nLicense-Expression: Apache-2.0\n" in metadata
    assert any(part.name == "LICENSE" for part in zipfile.Path(wheel, name.replace("METADATA", "licenses/")).iterdir())


def test_what_is_installed_runs_the_guides_sample(python: Path, tmp_path: Path) -> None:
    sample = tmp_path / "sample"
    shutil.copytree(REPOSITORY / "examples" / "step_by_step", sample, ignore=shutil.ignore_patterns("__pycache__"))
    home = str(tmp_path / "home")
    where = run(str(python), "-c", "import foundations_runner; print(foundations_runner.__file__)", cwd=sample)
    assert Path(where).is_relative_to(python.parents[1])
    run(str(python), "driver.py", cwd=sample, FOUNDATIONS_HOME=home)
    said = run(str(python), "read_results.py", cwd=sample, FOUNDATIONS_HOME=home)
    assert said.splitlines()[1].split()[-6:] == ["20", "20", "incr_by_10", "20", "30", "600"]
    assert "[600]" in said.splitlines()


def test_the_installed_command_makes_a_project_that_it_can_deploy(python: Path, tmp_path: Path) -> None:
    command, home = str(python.with_name("foundations")), str(tmp_path / "home")
    run(command, "init", "new", cwd=tmp_path)
    said = run(command, "deploy", "--env", "local", "new/driver.py", cwd=tmp_path, FOUNDATIONS_HOME=home)
    assert said.splitlines()[-1].startswith("accuracy 0.")
    assert "\n* local  local, config/local.config.yaml\n" in run(
        command, "info", cwd=tmp_path / "new", FOUNDATIONS_HOME=home
    )
