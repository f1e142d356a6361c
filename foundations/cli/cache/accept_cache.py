"""`foundations cache accept`: results of a stage's earlier code serve its code as it is now."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from foundations.cli.drivers import add_driver, add_environment, require_driver
from foundations.cli.output import Answer
from foundations.cli.parser import CommandError, UsageError, add_json
from foundations.cli.plan import plans_of
from foundations.difference_lines import diff_lines
from foundations.printable import redacted_line
from foundations.stage_labels import instead_of

_DRIVER = "driver.py"
DESCRIPTION = """\
Let cached results of a stage serve its code as it is now, after a refactoring of which you know that it changes no
result. The driver is planned, as by `foundations plan`; each stage called STAGE that would run, and whose nearest
earlier run differs from it in code alone, is served by that run's result from now on.

  foundations cache accept train driver.py --epochs 3

Nothing is executed. Arguments, packages, files and variables that differ are not accepted: those stages run."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the stage, the options, the driver, and whatever the driver takes."""
    add_environment(parser)
    add_json(parser)
    parser.add_argument(
        "stage", metavar="STAGE", help="the name of a stage, its id, or NAME#PLACE as `foundations plan` shows it"
    )
    add_driver(parser, default=_DRIVER)
    parser.usage = "%(prog)s [-h] [--env NAME] [--json] STAGE [DRIVER ...]"


def run(options: argparse.Namespace) -> Answer:
    """Return what was accepted; the status is 1 where a stage of the name would run all the same."""
    if options.driver is None and not Path(_DRIVER).is_file():
        raise UsageError(f"there is no {_DRIVER} here; name the driver whose stage {options.stage} is accepted")
    driver = options.driver or _DRIVER
    require_driver(driver, env=options.env)
    plans, status = plans_of(driver, options.arguments, env=options.env, quiet=True, accepted=options.stage)
    if status:
        raise CommandError(f"the driver ended with status {status}")
    stages = [stage for plan in plans for stage in plan["stages"]]
    if not stages:
        known = dict.fromkeys(known for plan in plans for known in plan["names"])
        raise UsageError(f"the driver runs no stage {options.stage!r}{instead_of(options.stage, known)}")
    status = 1 if any(stage["refused"] for stage in stages) else 0
    return Answer({"stages": stages}, list(_lines(stages)), status=status)


def _lines(stages: list[Mapping[str, Any]]) -> Iterator[str]:
    for one in stages:
        name = redacted_line(one["label"])
        if one["job_id"] is None:
            yield f"{name}  not accepted: {redacted_line(one['reason'])}"
            continue
        yield f"{name}  accepted: served by the result of job {redacted_line(one['job_id'])}, in spite of"
        for difference in one["differences"]:
            yield f"  {redacted_line(difference['name'])} {difference['says']}"
            yield from diff_lines(difference["diff"])
