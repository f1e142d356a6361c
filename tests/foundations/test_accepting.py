"""An accepted result is kept under the key by which the run that made it found that it counts."""

import pytest

from foundations.accepting import Acceptance
from foundations.earlier import EarlierStages
from foundations.explanation import Explanation
from foundations_archive.archive import Archive
from foundations_archive.records import CacheEntry, JobRecord, JobSpec, StageRecord, StageSpec, Value
from tests.foundations.test_differences import explanation, part

OBSERVED = {"files": {"data.txt": "d1"}}


def rewritten(digest: str, **stage: object) -> Explanation:
    """Return the explanation of a stage whose function has this digest; its keys and all code follow."""
    keys = {"fine": f"fine{digest}", "coarse": f"coarse{digest}"}
    piece = part("m.train", digest, f"def train(): ...  # {digest}")
    return explanation(piece, code=digest, keys=keys, all_code=digest, **{"kept": None, **stage})


def put(archive: Archive, told: Explanation, key: str) -> None:
    """Archive a job that ran a stage and kept its result under a key."""
    names = tuple(archive.blobs.put(one.data) for one in told.documents)
    stages = (StageSpec("t", "train", "m:train", cached=True),)
    spec = JobSpec(
        job_id="first",
        project="shop",
        user="me",
        created=1.0,
        target="t",
        stages=stages,
        graph=Value("pickle5"),
        bundle="",
        paths=(".",),
        directory=".",
        python="3.11",
        environment="local",
    )
    archive.submit(spec)
    became = StageRecord("t", status="succeeded", ended=2.0, seconds=1.0, explanation=names)
    archive.finish(spec, JobRecord("first", "Completed", 1.0, 2.0, stages=(became,)), attempt="1")
    entry = CacheEntry(Value("json", inline="1"), "first", "t", 1.0, made=2.0, observed=OBSERVED, explanation=names)
    archive.keep(key, entry)


@pytest.mark.parametrize("kind", ["fine", "coarse"])
def test_a_result_for_which_all_code_counts_is_accepted_for_all_code(archive: Archive, kind: str) -> None:
    put(archive, rewritten("1", kept=f"{kind}1", observed=OBSERVED), f"{kind}1")
    accepted = Acceptance(archive, EarlierStages(archive, "shop", before=9.0), user="me").accept("t", rewritten("2"))
    assert accepted.job_id == "first"
    assert {one for one in ("fine2", "coarse2") if archive.cached(one)} == {f"{kind}2"}
    entry = archive.cached(f"{kind}2")
    assert entry is not None
    assert entry.accepted["from"] == f"{kind}1"
    assert entry.observed == OBSERVED
