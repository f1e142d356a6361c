"""Random edits of random programs: a key that stands for two versions of a program stands for one answer.

`FOUNDATIONS_FUZZ_EDITS` (2,000) says how many edits, `FOUNDATIONS_FUZZ_SEED` (1) which; a seed always gives the same.
"""

import os
import random
from pathlib import Path

import pytest

from tests.foundations.cache_fuzz.edits import COSMETIC, EDITS, random_edit
from tests.foundations.cache_fuzz.features import FEATURES
from tests.foundations.cache_fuzz.fuzzing import Findings, fuzz
from tests.foundations.cache_fuzz.growing import random_program
from tests.foundations.cache_fuzz.keys import ABLATIONS

SEED = int(os.environ.get("FOUNDATIONS_FUZZ_SEED", "1"))
EDITS_IN_ALL = int(os.environ.get("FOUNDATIONS_FUZZ_EDITS", "2000"))
SHOWN = 3


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What the fuzzer finds of the product's keys."""
    found = fuzz(tmp_path_factory.mktemp("fuzz"), seed=SEED, edits=EDITS_IN_ALL)
    print(f"seed {SEED}: {found}")
    return found


@pytest.mark.timeout(900)
def test_no_edit_is_answered_with_what_another_version_came_to(findings: Findings) -> None:
    assert not findings.wrong, "\n\n".join([f"seed {SEED}: {findings}", *findings.wrong[:SHOWN]])


@pytest.mark.timeout(900)
def test_edits_that_change_nothing_leave_the_key_as_it_was(findings: Findings) -> None:
    assert not findings.needless, "\n\n".join([f"seed {SEED}: {findings}", *findings.needless[:SHOWN]])


@pytest.mark.timeout(900)
def test_the_edits_are_such_that_a_wrong_key_would_show(findings: Findings) -> None:
    assert findings.edits == EDITS_IN_ALL
    assert findings.changed > findings.edits / 10
    assert findings.cosmetic > findings.edits / 10
    assert findings.broken < findings.edits / 5
    assert findings.uncached < findings.edits / 10  # what is never cached is never wrong


@pytest.mark.parametrize("key", sorted(ABLATIONS))
def test_a_key_that_leaves_something_out_is_found_out(key: str, tmp_path: Path) -> None:
    found = fuzz(tmp_path, seed=1, edits=100, key=key)
    assert found.hits
    assert found.wrong, f"{key}: {found}"


def test_a_seed_gives_the_same_programs_and_edits() -> None:
    def files(seed: str) -> list[dict[str, str]]:
        chance = random.Random(seed)
        programs = [random_program(chance)]
        for _ in range(10):
            programs.append(random_edit(programs[-1], chance).program)
        return [program.files() for program in programs]

    assert files("a") == files("a") != files("b")


def test_every_feature_and_every_edit_has_its_turn() -> None:
    chance, edits, features = random.Random("turns"), set(), set()
    for _ in range(60):
        program = random_program(chance)
        features |= program.features
        edits |= {random_edit(program, chance).name for _ in range(10)}
    assert features == set(FEATURES)
    assert edits == {*EDITS, *COSMETIC}
