"""`foundations plan`: what a driver's jobs would take from the cache and what they would run, without running it."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from foundations.cache_use import ACCEPTED, NO_CACHE, PLANS, PLANS_QUIET
from foundations.cli.drivers import add_driver, add_environment, command_of, require_driver
from foundations.cli.output import Answer
from foundations.cli.parser import CommandError, add_json

DESCRIPTION = """\
Run a driver whose jobs are planned instead of run: say for each stage whether the cache would serve it, or that it
would run and why, and how long that took lately.

  foundations plan --env gpu driver.py --epochs 3

No stage is executed, and no job is made. The driver itself runs, up to where it asks a job for its result. Options of
this command stand before DRIVER; all behind it is the driver's own."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the options, the driver, and whatever the driver takes."""
    add_environment(parser)
    add_json(parser)
    add_driver(parser)


def run(options: argparse.Namespace) -> Answer:
    """Return the plans of the driver's jobs; raise `CommandError` where it fails before there is one."""
    require_driver(options.driver, env=options.env)
    plans, status = plans_of(options.driver, options.arguments, env=options.env, quiet=options.json)
    if status:
        raise CommandError(f"the driver ended with status {status}{', after its first plans' if plans else ''}")
    return Answer({"plans": plans}, [] if plans else ["the driver has run no job"])


def plans_of(
    driver: str, arguments: list[str], *, env: str | None, quiet: bool, accepted: str | None = None
) -> tuple[list[dict[str, Any]], int]:
    """Run a driver that only plans, and return its plans and its exit status; `quiet` keeps its output from ours.

    With a stage's name that is `accepted`, return what became of that instead.
    """
    with tempfile.TemporaryDirectory(prefix="foundations-plan-") as folder:
        place = Path(folder, "plans")
        wanted = {
            PLANS: str(place),
            PLANS_QUIET: "1" if quiet else None,
            "FOUNDATIONS_ENVIRONMENT": env,
            ACCEPTED: accepted,
        }
        own = {name: value for name, value in wanted.items() if value}
        inherited = {name: value for name, value in os.environ.items() if name != NO_CACHE}
        ended = subprocess.run(
            command_of(driver, arguments),
            env={**inherited, **own},
            stdout=sys.stderr if quiet else None,
            check=False,
        )
        lines = place.read_text(encoding="utf-8").splitlines() if place.exists() else []
        return [json.loads(line) for line in lines], ended.returncode
