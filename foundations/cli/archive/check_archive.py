"""`foundations archive check`: what is wrong with an archive, and what can be mended."""

import argparse
from collections.abc import Iterator, Sequence

from foundations.bundle import readable
from foundations.cli.archive.place import add_place, opened
from foundations.cli.output import Answer
from foundations.cli.parser import add_json
from foundations.printable import one_line, printable, redacted_line
from foundations_archive.archive import Archive
from foundations_archive.upkeep.check import check
from foundations_archive.upkeep.findings import Report
from foundations_archive.upkeep.repair import Repaired, repair

DESCRIPTION = """\
Look an archive over, beside jobs that run: every record can be read, what it names is there and has its size, and no
job is half visible. Nothing is written unless with --repair, which never touches a result, a log or a blob.

Exit status: 0 when all is well, 1 when something can be mended or is worth knowing, 2 when data is lost."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take which archive, how closely to look, and whether to mend."""
    add_place(parser)
    parser.add_argument("--deep", action="store_true", help="read every byte too, and compare it with its digest")
    parser.add_argument(
        "--repair", action="store_true", help="write what can be derived anew, delete what is left over, and look again"
    )
    add_json(parser)


def run(options: argparse.Namespace) -> Answer:
    """Return what is wrong, after what could be mended was."""
    archive = opened(options)
    report = check(archive, deep=options.deep)
    repaired = []
    if options.repair and any(finding.mend for finding in report.findings):
        repaired = repair(archive, report.findings)
        report = check(archive, deep=options.deep)
    data = {
        "archive": redacted_line(archive.location),
        "status": report.status,
        "deep": report.deep,
        "objects": report.counts,
        "orphans": {"blobs": report.orphans[0], "bytes": report.orphans[1]},
        "findings": [finding.plain() for finding in report.findings],
        "repaired": [{**one.finding.plain(), "fault": one.fault} for one in repaired],
    }
    return Answer(data, list(_lines(archive, report, repaired)), report.status)


def _lines(archive: Archive, report: Report, repaired: Sequence[Repaired]) -> Iterator[str]:
    jobs, blobs = report.counts["spec"], report.counts["blob"]
    yield f"archive {redacted_line(archive.location)}: {_count(jobs, 'job')}, {_count(blobs, 'blob')}"
    for one in repaired:
        outcome = f"could not be mended: {one_line(one.fault)}" if one.fault else "mended"
        yield f"{outcome}  {printable(one.finding.key)}: {one.finding.repair}"
    for finding in report.findings:
        yield f"{finding.severity.ljust(7)}  {printable(finding.key)}: {one_line(finding.what)}"
        if finding.mend:
            yield f"{'':7}  --repair {finding.repair}"
    if report.orphans[0]:
        number, size = report.orphans
        yield f"{_count(number, 'blob')} of {readable(size)} that nothing names; gc deletes what is old enough"
    yield _verdict(report)


def _verdict(report: Report) -> str:
    damaged = sum(finding.severity == "damage" for finding in report.findings)
    warnings = sum(finding.severity == "warning" for finding in report.findings)
    how = "every byte was read" if report.deep else "contents were not read; --deep does"
    if not damaged and not warnings:
        return f"all is well; {how}"
    mends = sum(finding.mend is not None for finding in report.findings)
    mending = f"; --repair mends {mends}" if mends else ""
    return f"{damaged:,} lost or damaged, {_count(warnings, 'warning')}{mending}; {how}"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
