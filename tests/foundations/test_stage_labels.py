"""What tells stages of one job apart, and what may have been meant by a word that tells none."""

import pytest

from foundations.stage_labels import instead_of, stage_labels


def test_stages_of_one_name_have_their_place_in_the_job() -> None:
    names = {"a": "load", "b": "fit", "c": "fit", "d": "report"}
    assert stage_labels(names) == {"a": "load", "b": "fit#1", "c": "fit#2", "d": "report"}
    assert stage_labels({}) == {}


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("fit#7", "; it has fit#1, fit#2"),
        ("fti", "; did you mean 'fit'?"),
        ("reprot", "; did you mean 'report'?"),
        ("xyz", "; its stages are load, fit#1, fit#2, report"),
    ],
)
def test_what_may_have_been_meant_is_told(word: str, said: str) -> None:
    assert instead_of(word, ["load", "fit#1", "fit#2", "report"]) == said


def test_of_many_stages_the_first_are_named() -> None:
    assert instead_of("x", []) == ""
    told = instead_of("xyz", [f"many#{number}" for number in range(1000)])
    assert told.endswith("many#11 and 988 more")
