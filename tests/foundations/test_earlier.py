"""Of the earlier runs in an archive the nearest is found, however many there are, and whatever is wrong with some."""

from collections.abc import Callable
from typing import Any

import pytest

from foundations import earlier
from foundations.cli.why_lines import lines
from foundations.earlier import Earlier, EarlierStages
from foundations.explanation import Explanation
from foundations.stage_reasons import StageReason, labels_of, reasons, stages_named
from foundations.why_frame import why
from foundations_archive import layout
from foundations_archive.archive import Archive
from foundations_archive.records import JobRecord, JobSpec, StageRecord, StageSpec, State, Value
from tests.foundations.test_differences import argument, explanation

Told = tuple[str, Explanation | None, dict[str, Any]]
Put = Callable[..., JobSpec]


@pytest.fixture
def put(archive: Archive) -> Put:
    """Archive a job of some cached stages: a name, an explanation, and what its record says beside."""

    def made(job_id: str, *stages: Told, created: float, state: State = "Completed", project: str = "shop") -> JobSpec:
        specs = tuple(
            StageSpec(f"{name}-id-{place}", name, f"m:{name}", cached=True) for place, (name, _, _) in enumerate(stages)
        )
        records = [
            _record(archive, spec.id, told, created, more) for spec, (_, told, more) in zip(specs, stages, strict=True)
        ]
        fields = {"graph": Value("pickle5"), "bundle": "", "paths": (".",), "directory": ".", "python": "3.11"}
        spec = JobSpec(job_id, project, "me", created, "t", specs, environment="local", **fields)  # type: ignore[arg-type]
        archive.submit(spec)
        if state == "Completed":
            archive.finish(spec, JobRecord(job_id, state, created, created, stages=tuple(records)), attempt="1")
        return spec

    return made


def _record(archive: Archive, stage: str, told: Explanation | None, ended: float, more: dict[str, Any]) -> StageRecord:
    names = tuple(archive.blobs.put(one.data) for one in told.documents) if told else ()
    return StageRecord(stage, **{"status": "succeeded", "ended": ended, "explanation": names, "seconds": 1.0, **more})


def nearest(archive: Archive, project: str, told: Explanation, *, before: float) -> Earlier | None:
    return EarlierStages(archive, project, before=before).nearest(told)


def rated(lr: str, more: str = "", name: str = "train", **stage: Any) -> Explanation:
    arguments = {"lr": argument(lr, lr), "more": argument(more, more)}
    return explanation(stage=name, function=f"m:{name}", arguments=arguments, **stage)


def train(lr: str, more: str = "", **record: Any) -> Told:
    return "train", rated(lr, more), record


def told(archive: Archive, spec: JobSpec, *stages: str) -> list[StageReason]:
    return reasons(archive, spec, archive.record(spec), stages or None)


def test_the_run_with_the_fewest_differences_is_the_nearest_and_of_several_the_newest(
    archive: Archive, put: Put
) -> None:
    put("a", train("0.1", "x"), created=1.0)
    put("b", train("0.2", "x"), created=2.0)
    put("c", train("0.3", "y"), created=3.0)
    put("of-another-project", train("0.4", "x"), created=3.5, project="other")
    put("later", train("0.4", "x"), created=5.0)
    found = nearest(archive, "shop", rated("0.4", "x"), before=4.0)
    assert found is not None
    assert (found.job_id, found.ended, [one.name for one in found.differences]) == ("b", 2.0, ["lr"])
    assert nearest(archive, "shop", rated("0.4"), before=1.0) is None
    assert nearest(archive, "nobody's", rated("0.4"), before=9.0) is None


def test_runs_of_the_stages_name_come_before_others_of_its_function(archive: Archive, put: Put) -> None:
    put("a", ("other", rated("0.1"), {}), created=1.0)
    put("b", train("0.9", "far"), created=2.0)
    found = nearest(archive, "shop", rated("0.1"), before=9.0)
    assert found is not None
    assert found.job_id == "b"
    renamed = explanation(stage="new name", function="m:train", arguments={})
    found = nearest(archive, "shop", renamed, before=9.0)
    assert found is not None
    assert (found.job_id, found.name) == ("b", "train")


def test_what_was_served_counts_once_and_names_the_job_that_made_it(archive: Archive, put: Put) -> None:
    put("a", train("0.1"), created=1.0)
    put("b", train("0.1", status="cached", cached_from="a"), created=2.0)
    put("c", train("0.2", status="cached", cached_from="elsewhere"), created=3.0)
    found = nearest(archive, "shop", rated("0.1"), before=9.0)
    assert found is not None
    assert (found.job_id, found.ended, found.differences) == ("a", 1.0, [])
    found = nearest(archive, "shop", rated("0.2"), before=9.0)
    assert found is not None
    assert (found.job_id, found.ended, found.status) == ("elsewhere", None, "succeeded")


def test_the_search_is_bounded_and_reads_each_blob_once(
    archive: Archive, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier, "MOST_JOBS", 30)
    monkeypatch.setattr(earlier, "MOST_EXPLANATIONS", 20)
    for number in range(40):
        put(f"job-{number:02}", train(str(number)), created=float(number))
    read: list[str] = []
    get = archive.blobs.get
    monkeypatch.setattr(archive.blobs, "get", lambda name: (read.append(name), get(name))[1])
    found = EarlierStages(archive, "shop", before=99.0)
    assert (near := found.nearest(rated("0")))
    assert near.job_id == "job-39"
    assert len(read) == len(set(read)) == 20 + 2
    found.nearest(rated("1"))
    found.nearest(rated("39"))
    assert len(read) == 22
    assert (near := found.nearest(rated("5", name="elsewhere"))) is None


def test_the_same_stage_is_looked_at_before_the_newest_of_its_name(
    archive: Archive, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier, "MOST_EXPLANATIONS", 5)
    stages = [train(str(number), "old") for number in range(40)]
    put("a", *stages, created=1.0)
    spec = put("b", *(train(str(number), "new") for number in range(40)), created=2.0)
    for place, one in enumerate(told(archive, spec)):
        assert one.earlier is not None
        assert (one.earlier.stage, [each.name for each in one.differences]) == (f"train-id-{place}", ["more"])


def test_damaged_missing_and_foreign_explanations_are_left_out(archive: Archive, put: Put) -> None:
    put("good", train("0.1", "x"), created=1.0)
    for number, job in enumerate(("gone", "damaged", "whole")):
        spec = put(job, train("0.2", job), created=2.0 + number)
        name = archive.record(spec).stages[0].explanation[0]
        if job == "gone":
            archive.store.delete(layout.blob(name))
        elif job == "damaged":
            archive.store.put(layout.blob(name), b"FB1\0damaged")
    foreign = archive.blobs.put(b'["not ours"]')
    put("foreign-names", ("train", None, {"explanation": (foreign,) * 3}), created=8.0)
    put("too-few-names", ("train", None, {"explanation": (foreign,)}), created=8.5)
    put("refused", ("train", rated("0.2", refused="a reason", keys=None), {}), created=9.0)
    last = put("last", train("0.2", "new"), created=10.0)
    (one,) = told(archive, last)
    assert one.earlier is not None
    assert one.earlier.job_id == "whole"
    texts = {job: told(archive, archive.spec(job))[0] for job in ("gone", "damaged", "foreign-names", "too-few-names")}
    assert {one.verdict for one in texts.values()} == {"unknown"}
    assert "is not there" in str(texts["gone"].reason)
    assert "is damaged" in str(texts["damaged"].reason)
    assert "can't be read" in str(texts["foreign-names"].reason)
    assert "names 1 parts" in str(texts["too-few-names"].reason)


def test_a_job_that_waits_runs_or_is_lost_is_told_as_such(archive: Archive, put: Put) -> None:
    spec = put("waits", train("0.1"), ("report", None, {}), created=1.0, state="Queued")
    assert [(one.verdict, one.reason) for one in told(archive, spec)] == [("not run", "the job has not begun")] * 2
    archive.start("waits", "1", {})
    archive.append("waits", "1", 0, [{"n": 0, "time": 1.0, "event": "stage started", "stage": "train-id-0"}])
    assert [one.reason for one in told(archive, spec)] == ["it runs", "the job runs, and has not come to it"]
    archive.store.delete(layout.live("shop", "waits"))
    assert [one.reason for one in told(archive, spec)] == [
        "it was running when the job ended",
        "the job was lost before it",
    ]


def test_a_job_from_before_explanations_is_told_as_such(archive: Archive, put: Put) -> None:
    put("first", ("train", None, {}), created=1.0)
    spec = put(
        "second",
        ("train", None, {"status": "cached", "cached_from": "first"}),
        ("train", None, {}),
        ("train", None, {"status": "skipped"}),
        ("train", None, {"status": "cached", "cached_from": "nowhere"}),
        created=2.0,
    )
    hit, unknown, skipped, lost = told(archive, spec)
    assert hit.origin is not None
    assert (hit.origin.job_id, hit.origin.seconds) == ("first", 1.0)
    assert (unknown.verdict, unknown.reason) == ("unknown", "it was archived without an explanation")
    assert (skipped.verdict, skipped.reason) == ("not run", "a stage that it needs failed")
    assert lost.origin is not None
    assert (lost.origin.job_id, lost.origin.seconds) == ("nowhere", None)


def test_a_result_that_was_accepted_for_other_code_is_told(archive: Archive, put: Put) -> None:
    put("a", train("0.1"), created=1.0)
    same = put("b", train("0.1", status="cached", cached_from="a"), created=2.0)
    (one,) = told(archive, same)
    assert (one.verdict, one.reason) == ("hit", None)
    spec = put("c", train("0.1", "other", status="cached", cached_from="a"), created=3.0)
    (one,) = told(archive, spec)
    assert (one.verdict, one.origin and one.origin.seconds) == ("hit", 1.0)
    assert "was accepted for this one" in str(one.reason)
    assert "was accepted" in "\n".join(lines(spec, archive.record(spec), [one], in_full=False))


def test_stages_are_told_by_name_by_id_and_by_place(archive: Archive, put: Put) -> None:
    spec = put("a", train("1"), ("report", None, {}), train("2"), created=1.0)
    assert list(labels_of(spec).values()) == ["train#0", "report", "train#2"]
    assert stages_named(spec, "train") == ["train-id-0", "train-id-2"]
    assert stages_named(spec, "train#2") == stages_named(spec, "train-id-2") == ["train-id-2"]
    assert stages_named(spec, "report") == ["report-id-1"]
    assert stages_named(spec, "train#1") == []
    assert why("a", "train#2")["stage_id"].tolist() == ["train-id-2"]
    assert why("a")["verdict"].tolist() == ["miss", "unknown", "miss"]


def test_thousands_of_stages_are_told_in_few_lines(archive: Archive, put: Put) -> None:
    stages: list[Told] = [("train", None, {"status": "cached", "cached_from": "a"})] * 1900
    put("a", train("0"), created=1.0)
    spec = put("b", *stages, *(train(f"new {number}") for number in range(100)), created=2.0)
    record = archive.record(spec)
    found = reasons(archive, spec, record)
    assert len(found) == 2000
    text = lines(spec, record, found, in_full=False)
    assert len(text) < 300
    assert text[0] == "job b of project shop, Completed: 1,900 hits, 100 misses"
    assert text[-1] == "and 1,880 hits, 50 misses more; name a stage to see it, or take --json"
    assert len(why("b")) == 2000


def test_nothing_that_users_wrote_moves_a_cursor(archive: Archive, put: Put) -> None:
    evil = "\x1b[31m\u202e\r\n"
    sources = [
        {"name": f"m.{evil}", "kind": "function", "digest": digest, "file": f"{evil}.py", "source": f"{evil}{digest}\n"}
        for digest in "12"
    ]
    both = [
        explanation(
            sources[place],
            code=str(place),
            stage=evil,
            function="m:f",
            arguments={evil: argument(str(place), evil * 9)},
            coarse=[evil],
            why=[{"kind": "stale", "says": evil}],
        )
        for place in (0, 1)
    ]
    put("a", (evil, both[0], {}), created=1.0)
    spec = put("b", (evil, both[1], {}), (evil, explanation(refused=evil), {}), created=2.0)
    record = archive.record(spec)
    text = lines(spec, record, reasons(archive, spec, record), in_full=True)
    assert len(text) > 8
    assert all(line.isprintable() for line in text)
    assert any("\ufffd[31m" in line for line in text)
