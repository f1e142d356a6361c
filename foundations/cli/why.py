"""`foundations why`: why stages of a job came from the cache or did not, and by name what changed."""

import argparse
from collections import Counter
from typing import TYPE_CHECKING, Any

from foundations.cli.archive.place import add_place, opened
from foundations.cli.output import Answer
from foundations.cli.parser import UsageError, add_json, near

if TYPE_CHECKING:
    from foundations.stage_reasons import StageReason
    from foundations_archive.records import JobRecord, JobSpec

DESCRIPTION = """\
Say of each stage of a job whether its result came from the cache, and from which job; or what kept it from there: the
functions, arguments, packages, files and variables that differ from the nearest earlier run, by name.

It is read from the archive alone, and nothing of it is unpickled."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take a job, perhaps one of its stages, and which archive."""
    parser.add_argument("job", metavar="JOB", help="the name of a job")
    parser.add_argument(
        "stage", metavar="STAGE", nargs="?", help="a stage's name, its id, or NAME#PLACE where several have the name"
    )
    add_place(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> Answer:
    """Return why; raise `UsageError` where there is no such job or stage."""
    from foundations.cli.why_lines import lines
    from foundations.stage_reasons import labels_of, reasons, stages_named
    from foundations_archive.errors import NotArchived

    archive = opened(options)
    archive.refuse_newer()
    try:
        spec = archive.spec(options.job)
    except NotArchived as error:
        raise UsageError(f"there is no job {options.job!r} in the archive at {archive.location}") from error
    ids = None if options.stage is None else stages_named(spec, options.stage)
    if ids is not None and not ids:
        hint = near(options.stage, labels_of(spec).values())
        raise UsageError(f"job {options.job} has no stage {options.stage!r}{hint}")
    record = archive.record(spec)
    found = reasons(archive, spec, record, ids)
    return Answer(_data(spec, record, found), lines(spec, record, found, in_full=ids is not None))


def _data(spec: "JobSpec", record: "JobRecord", found: "list[StageReason]") -> dict[str, Any]:
    return {
        "job_id": spec.job_id,
        "project": spec.project,
        "state": record.state,
        "verdicts": dict(Counter(one.verdict for one in found)),
        "stages": [_stage(one) for one in found],
    }


def _stage(one: "StageReason") -> dict[str, Any]:
    earlier, origin = one.earlier, one.origin
    return {
        "id": one.stage.id,
        "name": one.stage.name,
        "label": one.label,
        "status": one.became.status,
        "verdict": one.verdict,
        "reason": one.reason,
        "cached_from": origin and vars(origin),
        "compared_with": earlier
        and {"job_id": earlier.job_id, "stage": earlier.stage, "name": earlier.name, "ended": earlier.ended},
        "differences": [each.plain() for each in one.differences],
        "coarse": list(one.explanation.stage.content.get("coarse", ())) if one.explanation else [],
    }
