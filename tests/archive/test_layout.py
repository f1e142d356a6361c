"""The keys of an archive."""

import ast
import inspect
import itertools
from pathlib import Path

import pytest

import foundations_archive
from foundations_archive import layout
from foundations_archive.store import require_safe_key, require_safe_prefix

ODD = [
    "",
    " ",
    ".",
    "..",
    "../..",
    "a/b",
    "a\\b",
    "a:b",
    "demo project",
    "Demo",
    "demo",
    "DEMO",
    "dEmo",
    "demo\n",
    "\0",
    "grüße",
    "gru\u0308\u00dfe",
    "日本語",
    "🎉",
    "\ud800",
    "-demo",
    "_demo",
    "x-",
    "x-demo",
    "X-demo",
    "con",
    "nul",
    ".tmp",
    "x" * 40,
    "x" * 41,
    "x" * 1000,
    "x" * 1000 + "y",
    "live/demo",
    "demo/job",
]


def keys(project: str) -> list[str]:
    return [layout.live(project, "job"), layout.row(project, "job")]


@pytest.mark.parametrize("project", ODD, ids=ascii)
def test_the_keys_of_a_project_are_safe_whatever_its_name(project: str) -> None:
    for key in keys(project):
        require_safe_key(key)
    for prefix in (layout.rows(project), layout.markers(project)):
        require_safe_prefix(prefix)
    assert "/" not in layout.quoted(project)
    assert layout.quoted(project) == layout.quoted(project).lower()


def test_no_two_projects_share_a_key() -> None:
    tricky = [*ODD, *(layout.quoted(name) for name in ODD if layout.quoted(name) != name)]
    assert len({layout.quoted(name) for name in tricky}) == len(set(tricky))


def test_no_projects_keys_begin_with_those_of_another() -> None:
    names = [*ODD, "demo-2", "demo2", "de"]
    for one, other in itertools.permutations(names, 2):
        assert not layout.row(one, "job").startswith(layout.rows(other))
        assert not layout.live(one, "job").startswith(layout.markers(other))


def test_a_plain_name_can_be_read_in_its_keys() -> None:
    assert layout.row("demo_project-2", "job") == "idx/demo_project-2/t/job"
    assert layout.live("demo_project-2", "job") == "live/demo_project-2/job"


def test_the_prefix_of_all_projects_has_those_of_each() -> None:
    for project in ODD:
        assert layout.row(project, "job").startswith(layout.rows(None))
        assert layout.live(project, "job").startswith(layout.markers(None))


def test_segments_sort_as_they_were_written() -> None:
    numbers = [0, 1, 9, 10, 99, 100, 99_999_999]
    names = [layout.segment("job", "attempt", number) for number in numbers]
    assert names == sorted(names)


def test_what_belongs_to_an_attempt_lies_below_it() -> None:
    for key in (layout.start, layout.done, layout.post):
        assert key("job", "one").startswith(layout.attempts("job") + "one/")
        require_safe_key(key("job", "one"))
    assert layout.segment("job", "one", 3).startswith(layout.segments("job", "one"))


def test_jobs_whose_names_begin_alike_share_no_prefix() -> None:
    assert not layout.start("job-2", "a").startswith(layout.attempts("job"))


def test_digests_are_spread_over_folders() -> None:
    digest = "ab" + "0" * 62
    assert layout.blob(digest) == f"blobs/ab/{digest}"
    assert layout.cached(digest) == f"cache/ab/{digest}.json"


def test_no_other_module_spells_a_key() -> None:
    beginnings = ("blobs/", "jobs/", "live/", "idx/", "cache/", "foundations.json")
    assert layout.spec("job").startswith(beginnings)
    for file in Path(inspect.getfile(foundations_archive)).parent.glob("*.py"):
        if file.name != "layout.py":
            texts = [node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)]
            assert [text for text in texts if isinstance(text, str) and text.startswith(beginnings)] == [], file.name


@pytest.mark.parametrize("project", ["demo", "x-demo", "Ü/.."])
def test_rows_and_packs_of_a_project_lie_side_by_side(project: str) -> None:
    row, late = layout.row(project, "job"), layout.row(project, "job", watcher=True)
    pack = layout.pack(late, "00012-0123456789abcdef")
    assert layout.index_beside(row) == layout.index_beside(pack) == layout.index(project)
    assert layout.folder_of(pack) == layout.folder_of(row) == layout.quoted(project)
    assert (layout.is_row(row), layout.is_row(late), layout.is_row(pack)) == (True, True, False)
    assert (layout.is_pack(row), layout.is_pack(late), layout.is_pack(pack)) == (False, False, True)
    assert layout.rows_in(pack) == 12
    assert not layout.is_pack("idx/demo/s/readme")
