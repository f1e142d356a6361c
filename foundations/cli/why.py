"""`foundations why`: why stages of a job came from the cache or did not, and by name what changed."""

import argparse
from collections import Counter
from typing import TYPE_CHECKING, Any

from foundations.cli.archive.place import add_place, opened
from foundations.cli.output import Answer
from foundations.cli.parser import UsageError, add_json

if TYPE_CHECKING:
    from foundations.stage_reasons import StageReason
    from foundations_archive.archive import Archive
    from foundations_archive.records import JobRecord, JobSpec

# a beginning of fewer characters is none that somebody has copied
_SHORTEST = 4
DESCRIPTION = """\
Say of each stage of a job whether its result came from the cache, and from which job; or what kept it from there: the
functions, arguments, packages, files and variables that differ from the nearest earlier run, by name.

It is read from the archive alone, and nothing of it is unpickled."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take a job, perhaps one of its stages, and which archive."""
    parser.add_argument("job", metavar="JOB", help="the name of a job, or a beginning that no other has")
    parser.add_argument(
        "stage",
        metavar="STAGE",
        nargs="?",
        help="a stage's name, its id, or NAME#PLACE where several have the name: its place in the job, from 0",
    )
    add_place(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> Answer:
    """Return why; raise `UsageError` where there is no such job or stage."""
    from foundations.cli.why_lines import lines
    from foundations.stage_labels import instead_of
    from foundations.stage_reasons import labels_of, reasons, stages_named

    archive = opened(options)
    archive.refuse_newer()
    spec = _spec(archive, options.job)
    ids = None if options.stage is None else stages_named(spec, options.stage)
    if ids is not None and not ids:
        hint = instead_of(options.stage, labels_of(spec).values())
        raise UsageError(f"job {spec.job_id} has no stage {options.stage!r}{hint}")
    record = archive.record(spec)
    found = reasons(archive, spec, record, ids)
    return Answer(_data(spec, record, found), lines(spec, record, found, in_full=ids is not None))


def _spec(archive: "Archive", name: str) -> "JobSpec":
    """Return a job's spec, by its name or by a beginning that no other has."""
    from foundations_archive.errors import NotArchived

    try:
        return archive.spec(name)
    except NotArchived as error:
        found = [job_id for job_id in archive.job_ids(hidden=True) if job_id.startswith(name)]
        if len(found) == 1 and len(name) >= _SHORTEST:
            return archive.spec(found[0])
        many = f" of that name alone, and {len(found):,} begin with it; give more of it" if found else ""
        raise UsageError(f"there is no job {name!r} in the archive at {archive.location}{many}") from error


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
