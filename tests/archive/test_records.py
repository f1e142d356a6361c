"""What an archive says of jobs, as data that becomes JSON and comes back."""

import json
from typing import Any

import pytest

from foundations_archive.records import (
    Argument,
    Buffer,
    CacheEntry,
    JobRecord,
    JobSpec,
    StageRecord,
    StageSpec,
    Value,
    plain,
    row_of,
)
from foundations_archive.series import Series

VALUE = Value("pickle5", (Buffer(5, ("a", "b")), Buffer(0, ())))
INLINE = Value("json", inline="[1]")
STAGE = StageSpec(
    "2",
    "train",
    "m:train",
    ("1",),
    (
        Argument("data", stage="1", place=0),
        Argument("rate", 0.5),
        Argument("more", [1, {"a": None}, "load"], place=1, stages=("1",)),
    ),
    source="digest",
    cached=True,
    persisted=True,
)
SPEC = JobSpec(
    job_id="job",
    project="Demo Project",
    user="me",
    created=1.5,
    target="2",
    stages=(StageSpec("1", "load", "m:load"), STAGE),
    graph=VALUE,
    bundle="digest",
    paths=(".", "src"),
    directory="sub",
    python="3.11",
    environment="local",
    sources={"digest": "def train(): ..."},
    requirements="numpy==2.0",
    tags={"owner": "me"},
    parameters={"rate": 0.5},
    facts={"python": "3.11.7"},
)
RECORD = JobRecord(
    "job",
    "Failed",
    1.0,
    2.0,
    "the trace",
    "2",
    (StageRecord("1", "cached", 1.0, 1.5, 0.5, None, INLINE, None, "key", "job-0"), StageRecord("2", "failed")),
    (Series("1", "loss", ([1, {"$float": "nan"}], 3), (1.2, 1.3)), Series("2", "n", ("x",), (1.4,))),
    "image",
    7,
    ({"n": 6, "event": "log"},),
)
ENTRY = CacheEntry(VALUE, "job", "1", 0.5, RECORD.metrics)


def through_json(record: Any) -> Any:
    return json.loads(json.dumps(plain(record), allow_nan=False))


@pytest.mark.parametrize("record", [SPEC, RECORD, ENTRY, STAGE, VALUE, INLINE, JobRecord("j", "Queued")], ids=repr)
def test_a_record_comes_back_from_json(record: Any) -> None:
    assert type(record).of(through_json(record)) == record


@pytest.mark.parametrize("record", [SPEC, RECORD, ENTRY])
def test_fields_of_a_later_version_are_left_out(record: Any) -> None:
    def with_more(body: Any) -> Any:
        if isinstance(body, dict) and body.keys() - {"owner", "rate", "digest", "python", "a", "$float", "n", "event"}:
            return {**{key: with_more(item) for key, item in body.items()}, "of a later version": 1}
        return [with_more(item) for item in body] if isinstance(body, list) else body

    assert type(record).of(with_more(through_json(record))) == record


def test_fields_that_an_earlier_version_lacked_have_their_defaults() -> None:
    body = through_json(RECORD)
    for name in ("image", "events"):
        del body[name]
    for stage in body["stages"]:
        for name in ("cached_from", "unserializable", "value", "attempts"):
            stage.pop(name, None)
    record = JobRecord.of(body)
    assert (record.image, record.events) == (None, 0)
    assert (record.stages[0].value, record.stages[0].attempts) == (None, 1)


def test_an_argument_of_which_an_older_record_says_less_can_be_read() -> None:
    body = through_json(SPEC)
    del body["stages"][1]["arguments"][2]["stages"]
    assert JobSpec.of(body).stages[1].arguments[2] == Argument("more", [1, {"a": None}, "load"], place=1)


def test_no_value_is_no_value() -> None:
    assert Value.of(None) is None


def test_a_row_holds_all_that_the_frame_shows() -> None:
    assert row_of(SPEC, RECORD) == {
        "project": "Demo Project",
        "job_id": "job",
        "user": "me",
        "status": "Failed",
        "created": 1.5,
        "started": 1.0,
        "ended": 2.0,
        "parameters": {"rate": 0.5},
        "arguments": [("data", 1, "load"), ("rate", 1, 0.5), ("more", 1, [1, {"a": None}, "load"])],
        "tags": {"owner": "me"},
        "metrics": [("loss", [[1, {"$float": "nan"}], 3]), ("n", ["x"])],
    }


def test_records_can_not_be_changed() -> None:
    with pytest.raises(AttributeError):
        RECORD.state = "Completed"  # type: ignore[misc]
