"""What a job costs of which every stage is served from the cache, against peers in the same run.

    python benchmarks/cached.py [--stages 1000] [--rounds 3] [--limit 900] [--without-peers] [--output FILE | --write]

Stages that add one to a number: in a chain, and side by side with one more that needs them all. Each case runs in a
process and a directory of its own, in the environment `local`; its clock covers `run()` to its return in a driver that
has run a job before. *Filling* is the first run, *served* the least of those after it, *plain* the least of the same
job without a cache, in turns with the served ones. Ratios are to what is served from the directory archive. *Requests*
are those of one served job and one plain one to S3. The S3 server shares the machine's processors; where it can't be
started its lines are left out. redun keeps its results in SQLite, joblib in files; of redun too the graph is built
before the clock starts.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path[:0] = [str(REPOSITORY), str(Path(__file__).parent)]

# E402: what is imported from there can only be behind that line
from cases.peers import JOBLIB, REDUN, NotInstalled, Peer, python_of  # noqa: E402

from benchmarks.archive_values import Proxy  # noqa: E402
from benchmarks.stages import CASES, VARIABLES, Failed, facts, inherited, run  # noqa: E402
from benchmarks.submit import s3_server  # noqa: E402

RESULT = Path(__file__).parent / "results" / "cached.txt"
SHAPES = {"fan_out": "a fan-out of {:,} with a join among them", "chain": "a chain of {:,}"}
OURS = "cached_with_foundations.py"

Seconds = dict[str, list[float]]


def main() -> None:
    options = arguments()
    lines = [facts(options.rounds)]
    with places() as environments:
        for shape, title in SHAPES.items():
            lines += table(shape, title, environments, options)
    text = "\n".join(lines)
    print(text)
    if options.output:
        options.output.write_text(text + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stages", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--limit", type=float, default=900, help="seconds for one case")
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--write", action="store_const", dest="output", const=RESULT)
    return parser.parse_args()


@contextmanager
def places() -> Iterator[dict[str, dict[str, str]]]:
    """Give the variables that lead to each archive."""
    try:
        with s3_server() as variables:
            yield {"directory": {}, "S3": {**variables, "FOUNDATIONS_ARCHIVE": "s3://bench/cached"}}
    except subprocess.CalledProcessError as error:
        print(f"without S3: {error.stderr.strip()}", file=sys.stderr)
        yield {"directory": {}}


def table(
    shape: str, title: str, environments: dict[str, dict[str, str]], options: argparse.Namespace
) -> Iterator[str]:
    yield f"\n{'seconds':44}{'filling':>9}{'plain':>9}{'served':>9}{'ratio':>8}{'requests':>10}"
    yield title.format(options.stages)
    floor = None
    for name, variables in environments.items():
        found, requests = ours(shape, variables, options)
        floor = floor or min(found["served"])
        yield row(f"Foundations, {name}", found, floor, requests)
    for peer, script in () if options.without_peers else ((REDUN, "redun"), (JOBLIB, "joblib")):
        label = f"{peer.name} {peer.version}"
        try:
            yield row(label, theirs(shape, peer, f"cached_with_{script}.py", options), floor)
        except (Failed, NotInstalled) as error:
            yield f"{label:44}  {error}"


def ours(shape: str, variables: dict[str, str], options: argparse.Namespace) -> tuple[Seconds, float | None]:
    found = case([sys.executable, OURS, shape], options, variables)
    if "AWS_ENDPOINT_URL" not in variables:
        return found, None
    counts = [counted(shape, variables, options, times) for times in (1, 2)]
    # what a second round adds: a job that is served, and one without a cache
    return found, counts[1] - counts[0]


def counted(shape: str, variables: dict[str, str], options: argparse.Namespace, times: int) -> int:
    proxy = Proxy(variables["AWS_ENDPOINT_URL"], 0.0)
    try:
        once = argparse.Namespace(**{**vars(options), "rounds": times})
        case([sys.executable, OURS, shape], once, {**variables, "AWS_ENDPOINT_URL": proxy.address})
    finally:
        proxy.close()
    return proxy.requests


def theirs(shape: str, peer: Peer, script: str, options: argparse.Namespace) -> Seconds:
    return case([python_of(peer), script, shape], options, {})


def case(command: list[str], options: argparse.Namespace, variables: dict[str, str]) -> Seconds:
    """Run a case in a process and a directory of its own, and return the seconds of its runs; raise `Failed`."""
    words = [*command, str(options.stages), str(options.rounds)]
    with tempfile.TemporaryDirectory(prefix="benchmark-cached-", ignore_cleanup_errors=True) as directory:
        project, home = Path(directory, "project"), Path(directory, "home")
        shutil.copytree(CASES, project, ignore=shutil.ignore_patterns("__pycache__", "edits"))
        home.mkdir()
        own = {**inherited(), **VARIABLES, "HOME": str(home), "FOUNDATIONS_HOME": str(home), **variables}
        output = run(words, project, variables=own, limit=options.limit)
    found: Seconds = json.loads(output.strip().splitlines()[-1])
    return found


def row(label: str, found: Seconds, floor: float, requests: float | None = None) -> str:
    cells = [f"{min(found[kind]):9.2f}" if found[kind] else f"{'':9}" for kind in ("filling", "plain", "served")]
    asked = "" if requests is None else f"{requests:10.0f}"
    return f"{label:44}{''.join(cells)}{min(found['served']) / floor:8.2f}{asked}"


if __name__ == "__main__":
    main()
