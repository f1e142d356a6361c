"""What a job has said of itself beside its metrics."""

from typing import Any

from foundations_archive.records import Artifact
from foundations_archive.tracked import Tracked


def tracked(*events: tuple[Any, ...]) -> Tracked:
    found = Tracked()
    for kind, stage, key, value in events:
        found.add({"event": kind, "stage": stage, "key": key, "value": value, "time": 1.0})
    return found


def artifact(key: str, time: float) -> dict[str, Any]:
    return {"key": key, "manifest": "d", "size": 3, "files": 1, "folder": False, "time": time}


def test_the_last_counts_whichever_stage_said_it() -> None:
    found = tracked(("tag", "b", "t", 1), ("tag", "a", "t", 2), ("tag", "b", "t", 3), ("parameter", None, "t", 4))
    assert found.tags() == {"t": 3}
    assert found.tags("a") == {"t": 2}
    assert found.parameters() == {"t": 4}
    assert found.parameters("a") == {}


def test_an_artifact_that_is_saved_again_takes_the_place_of_the_first() -> None:
    found = Tracked()
    for key, time in (("model", 1.0), ("log", 2.0), ("model", 3.0)):
        found.add({"event": "artifact", "stage": "a", **artifact(key, time), "n": 7})
    assert found.artifacts("a") == (Artifact.of(artifact("log", 2.0)), Artifact.of(artifact("model", 3.0)))
    assert found.artifacts("b") == ()


def test_what_a_stage_has_said_is_forgotten_alone() -> None:
    found = tracked(("tag", "a", "x", 1), ("tag", "b", "y", 2), ("tag", None, "z", 3), ("parameter", "a", "p", 4))
    found.forget("a")
    assert (found.tags(), found.parameters()) == ({"y": 2, "z": 3}, {})
