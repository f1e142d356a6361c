"""`import foundations`: what is public, and what it costs."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import foundations

HEAVY = ("boto3", "botocore", "cloudpickle", "docker", "numpy", "pandas", "requests", "rich", "yaml")


def names_for_type_checkers() -> set[str]:
    tree = ast.parse(Path(foundations.__file__).read_text())
    branch = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in branch.body if isinstance(node, ast.ImportFrom)]
    return {f"{node.module}.{name.name}" for node in imports for name in node.names}


def loaded_by(code: str) -> set[str]:
    script = f"{code}\nimport sys\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_what_is_public_is_what_can_be_imported_and_what_type_checkers_see() -> None:
    homes = foundations._HOMES
    assert foundations.__all__ == sorted(homes)
    assert {f"foundations.{home}.{name}" for name, home in homes.items()} == names_for_type_checkers()


@pytest.mark.parametrize("name", foundations.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    value = getattr(foundations, name)
    assert value.__module__ == f"foundations.{foundations._HOMES[name]}"
    assert inspect.getdoc(value)
    assert name in dir(foundations)


@pytest.mark.parametrize("name", ["Deployment", "ResultReader", "Stage", "JobPersister", "Picture"])
def test_every_public_method_is_documented(name: str) -> None:
    methods = inspect.getmembers(getattr(foundations, name), inspect.isfunction)
    assert [method for method, value in methods if method[0] != "_" and not inspect.getdoc(value)] == []


@pytest.mark.parametrize(
    "code",
    [
        "import foundations",
        "import foundations; foundations.create_stage(print)('x').enable_caching().graph()",
        "import foundations; foundations.set_project_name('p'); foundations.set_environment('local')",
        "from foundations import JobFailedError, ResultReader, get_metrics_for_all_jobs",
    ],
)
def test_importing_and_building_a_graph_load_nothing_heavy(code: str) -> None:
    assert loaded_by(code).isdisjoint(HEAVY)


def test_an_unknown_attribute_is_an_attribute_error_that_names_it() -> None:
    with pytest.raises(AttributeError, match="module 'foundations' has no attribute 'create_stages'"):
        foundations.create_stages  # noqa: B018
    with pytest.raises(ImportError):
        exec("from foundations import create_stages")
