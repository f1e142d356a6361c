"""What differs between two explanations is told by name."""

from collections.abc import Mapping
from typing import Any

import pytest

from foundations.differences import Difference, differences
from foundations.explanation import Document, Explanation

STAGE = {
    "explains": "stage",
    "format": 1,
    "stage": "train",
    "function": "prep:train",
    "keys": {"fine": "f", "coarse": "c"},
    "all_code": "a",
    "arguments": {"lr": {"digest": "1", "shown": "0.1"}},
    "version": None,
    "ignore": [],
    "ttl": None,
    "coarse": [],
    "why": [],
    "observed": {},
    "refused": None,
    "kept": "f",
    "not_kept": None,
}
ENVIRONMENT = {
    "explains": "environment",
    "format": 1,
    "implementation": "cpython",
    "python": "3.11.7",
    "build": "3.11.7 (main)",
    "optimize": 0,
    "machine": "x86_64",
    "system": "Linux",
    "image": "one",
    "packages": {"numpy": "1.26.4", "pandas": "2.2.0"},
}


def part(name: str, digest: str, source: str | None = None, kind: str = "function") -> dict[str, Any]:
    return {"name": name, "kind": kind, "digest": digest, "file": "prep.py", "source": source}


def explanation(
    *parts: Mapping[str, Any], code: str = "code", environment: Mapping[str, Any] | None = None, **stage: Any
) -> Explanation:
    return Explanation(
        Document({**STAGE, **stage}),
        Document({"explains": "code", "format": 1, "digest": code, "parts": list(parts)}),
        Document({**ENVIRONMENT, **(environment or {})}),
    )


def told(new: Explanation, old: Explanation) -> list[tuple[str, str, str | None, str | None, str]]:
    return [(one.kind, one.name, one.old, one.new, one.says) for one in differences(new, old)]


def test_nothing_differs_from_the_same() -> None:
    assert differences(explanation(), explanation()) == []


def test_a_function_that_changed_has_the_diff_of_its_source() -> None:
    old = explanation(part("prep.clean", "1", "def clean(x):\n    return x\n"), part("prep.same", "s"), code="1")
    new = explanation(part("prep.clean", "2", "def clean(x):\n    return x + 1\n"), part("prep.same", "s"), code="2")
    (found,) = differences(new, old)
    assert (found.kind, found.name, found.says) == ("function", "prep.clean", "changed")
    assert found.diff is not None
    assert found.diff.splitlines() == [
        "--- prep.py (before)",
        "+++ prep.py (now)",
        "@@ -1,2 +1,2 @@",
        " def clean(x):",
        "-    return x",
        "+    return x + 1",
    ]


def test_code_that_came_and_code_that_went_are_told() -> None:
    old = explanation(part("prep.old", "1", "def old(): ..."), code="1")
    new = explanation(part("prep.new", "2", "def new(): return 1"), code="2")
    assert told(new, old) == [
        ("function", "prep.new", None, "def new(): return 1", "is reached now"),
        ("function", "prep.old", "def old(): ...", None, "is not reached any more"),
    ]
    assert all(one.diff is None for one in differences(new, old))


def test_what_moved_to_another_module_is_left_out_beside_what_changed() -> None:
    old = explanation(part("prep.helper", "same"), part("prep.SCALE", "1", "2", "constant"), code="1")
    new = explanation(part("lib.helper", "same"), part("prep.SCALE", "2", "3", "constant"), code="2")
    assert told(new, old) == [("constant", "prep.SCALE", "2", "3", "changed")]
    moved = explanation(part("lib.helper", "same"), code="3")
    before = explanation(part("prep.helper", "same"), code="1")
    assert told(moved, before) == [("code", "train", None, None, "moved, and its place counts here")]


def test_code_of_another_digest_and_the_same_parts_is_never_told_as_nothing() -> None:
    assert told(explanation(part("a", "1"), code="2"), explanation(part("a", "1"), code="1")) == [
        ("code", "train", None, None, "changed in how its parts go together")
    ]


def test_several_parts_of_one_name_are_paired() -> None:
    old = explanation(part("prep.<lambda>", "1", "1"), part("prep.<lambda>", "2", "2"), code="1")
    new = explanation(part("prep.<lambda>", "2", "2"), part("prep.<lambda>", "3", "3"), code="2")
    assert told(new, old) == [("function", "prep.<lambda>", "1", "3", "changed")]


def test_a_default_is_told_as_the_argument_that_it_gives() -> None:
    default = [part("prep.train, default 0", digest, digest, "constant") for digest in "12"]
    arguments = [{"lr": {"digest": digest, "shown": digest}} for digest in "12"]
    old = explanation(default[0], code="1", arguments=arguments[0])
    assert told(explanation(default[1], code="2", arguments=arguments[1]), old) == [
        ("argument", "lr", "1", "2", "changed")
    ]
    assert told(explanation(default[1], code="2", arguments=arguments[0]), old) == [
        ("constant", "prep.train, default 0", "1", "2", "changed")
    ]


def argument(digest: str, shown: str) -> dict[str, str]:
    return {"digest": digest, "shown": shown}


@pytest.mark.parametrize(
    ("new", "old", "found"),
    [
        (
            {"arguments": {"lr": argument("2", "0.2")}},
            {"arguments": {"lr": argument("1", "0.1")}},
            ("argument", "lr", "0.1", "0.2", "changed"),
        ),
        (
            {"arguments": {"lr": argument("2", "<Net>")}},
            {"arguments": {"lr": argument("1", "<Net>")}},
            ("argument", "lr", "<Net>", "<Net>", "changed"),
        ),
        ({"arguments": {"n": argument("1", "1")}}, {"arguments": {}}, ("argument", "n", None, "1", "is taken now")),
        (
            {"arguments": {}},
            {"arguments": {"n": argument("1", "1")}},
            ("argument", "n", "1", None, "is not taken any more"),
        ),
        (
            {"arguments": {}, "ignore": ["n"]},
            {"arguments": {"n": argument("1", "1")}},
            ("argument", "n", "1", None, "is ignored now"),
        ),
        (
            {"arguments": {"n": argument("1", "1")}},
            {"arguments": {}, "ignore": ["n"]},
            ("argument", "n", None, "1", "counts now"),
        ),
        ({"version": "2"}, {"version": None}, ("version", "version=", None, "2", "changed")),
        (
            {"environment": {"packages": {"numpy": "1.26.4", "pandas": "2.2.1"}}},
            {},
            ("package", "pandas", "2.2.0", "2.2.1", "changed"),
        ),
        (
            {"environment": {"packages": {"numpy": "1.26.4"}, "image": "two"}},
            {},
            ("package", "pandas", "2.2.0", None, "is gone"),
        ),
        (
            {"environment": {"python": "3.12.1", "build": "3.12.1 (main)"}},
            {},
            ("python", "Python", "3.11.7", "3.12.1", "changed"),
        ),
        ({"environment": {"machine": "aarch64"}}, {}, ("platform", "machine", "x86_64", "aarch64", "changed")),
        ({"environment": {"image": "two"}}, {}, ("image", "the environment's image", "one", "two", "changed")),
        (
            {"observed": {"files": {"a.csv": "2"}}},
            {"observed": {"files": {"a.csv": "1"}}},
            ("file", "a.csv", "1", "2", "changed"),
        ),
        (
            {"observed": {"files": {"a.csv": None}}},
            {"observed": {"files": {"a.csv": "1"}}},
            ("file", "a.csv", "1", None, "is gone"),
        ),
        (
            {"observed": {"files": {"a.csv": "1", "b.csv": "1"}}},
            {"observed": {"files": {"a.csv": "1"}}},
            ("file", "b.csv", None, "1", "is read now and was not before"),
        ),
        (
            {"observed": {"variables": {"MODE": "1"}}},
            {"observed": {"variables": {"MODE": None}}},
            ("variable", "MODE", None, "1", "is set now"),
        ),
        (
            {"all_code": "b"},
            {"kept": "c"},
            ("code", "the model directory", None, None, "changed, and all of its code counts here"),
        ),
        (
            {"keys": {"fine": "g", "coarse": "c"}},
            {},
            ("platform", "the environment", None, None, "differs in what has no name here"),
        ),
    ],
)
def test_each_kind_of_difference_has_its_name(new: Any, old: Any, found: tuple[Any, ...]) -> None:
    assert told(explanation(**new), explanation(**old)) == [found]


def test_what_a_run_left_itself_and_what_it_reads_for_another_reason_is_no_difference() -> None:
    old = explanation(observed={"files": {"cache.db": None}, "left": {"cache.db": "1"}})
    assert told(explanation(observed={"files": {"cache.db": "1"}}), old) == []
    other = explanation(arguments={"lr": argument("2", "0.2")}, observed={"files": {"b.csv": "1"}})
    assert [one[:2] for one in told(other, old)] == [("argument", "lr")]


def test_code_that_nothing_can_reach_counts_only_where_all_code_does() -> None:
    assert differences(explanation(all_code="b"), explanation()) == []


def test_only_code_has_a_diff() -> None:
    assert Difference("argument", "lr", "1\n2", "1\n3").diff is None
    assert Difference("function", "f", "a", "a").diff is None


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"{", "Expecting"),
        (b"[]", "does not explain the code"),
        (b'{"explains": "stage", "format": 1}', "does not explain the code"),
        (b'{"explains": "code", "format": 2}', "upgrade"),
        (b'{"explains": "code", "format": 1, "digest": "d"}', "no parts"),
        (b'{"explains": "code", "format": 1, "digest": 1, "parts": []}', "no digest"),
    ],
)
def test_what_is_no_explanation_is_refused(data: bytes, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Document.of(data, "code")


def test_a_document_is_read_as_it_was_written() -> None:
    for one, kind in zip(
        explanation(part("a", "1", "\ud800\x1b[31m")).documents, ("stage", "code", "environment"), strict=True
    ):
        assert Document.of(one.data, kind).name == one.name
