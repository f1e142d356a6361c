"""What the digest of an argument costs, against joblib.hash and redun's hash in the same run.

    python benchmarks/hashing.py [--samples 3] [--without-peers] [--quick] [--output FILE | --write]

Every round makes the same values in a process of each system, one after the other, so that a noisy moment hits all
alike, and takes the best of three digests of each; the table has the best of all rounds. *times* is how many times
longer the peer took than Foundations. joblib's digests are MD5, redun's SHA-512 of a pickle, ours SHA-256; only ours
tell `1` from `1.0` whatever is shared, and find the files that an argument names. Peers are installed under
.work/peers, once, with this environment's NumPy and pandas; `--write` is `--output benchmarks/results/hashing.txt`.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from cases.hash_values import values
from cases.peers import JOBLIB, REDUN, NotInstalled, Peer, python_of

CASE = Path(__file__).parent / "cases" / "hash_values.py"
RESULT = Path(__file__).parent / "results" / "hashing.txt"
ROOT = Path(__file__).parents[1]
GOALS = {
    "array, 256 MB of float64": 3,
    "frame, 1M rows, 10 columns of float64": 3,
    "list of 1M ints": 50,
}

Seconds = dict[str, float]


def with_arrays(peer: Peer) -> Peer:
    """Return a peer beside the NumPy and pandas of this environment."""
    libraries = tuple(f"{name}=={version(name)}" for name in ("numpy", "pandas"))
    return Peer(f"{peer.name}-arrays", (*peer.requirements, *libraries))


PEERS = {"joblib": with_arrays(JOBLIB), "redun": with_arrays(REDUN)}


def main() -> None:
    options = arguments()
    found: dict[str, Seconds] = {}
    for _ in range(1 if options.quick else options.samples):
        for name in ("foundations", *(() if options.without_peers else PEERS)):
            measured = run_case(name, quick=options.quick)
            best = found.setdefault(name, measured)
            best.update({case: min(taken, best[case]) for case, taken in measured.items()})
    text = "\n".join([facts(options.samples), *table(found, 100 if options.quick else 1), *goals(found)])
    print(text)
    if options.output:
        options.output.write_text(text + "\n")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=3)
    parser.add_argument("--without-peers", action="store_true")
    parser.add_argument("--quick", action="store_true", help="small values, once: shows that it works, no more")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--write", action="store_const", dest="output", const=RESULT)
    return parser.parse_args()


def run_case(name: str, *, quick: bool) -> Seconds:
    """Return the seconds that a system takes for each value; nothing where it could not be installed."""
    try:
        python = python_of(PEERS[name]) if name in PEERS else sys.executable
    except NotInstalled as error:
        print(f"{name} is left out: {error}", file=sys.stderr)
        return {}
    command = [python, str(CASE), name, *(["--quick"] if quick else [])]
    variables = {**os.environ, "PYTHONPATH": str(ROOT) if name == "foundations" else ""}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=variables)
    measured: Seconds = json.loads(done.stdout)
    return measured


def table(found: dict[str, Seconds], scale: int) -> list[str]:
    """Return the lines of the table."""
    peers = [name for name in found if name != "foundations"]
    heads = [f"{'':40}{'Foundations':>12}{'GB/s':>7}", *(f"{name:>12}{'times':>8}" for name in peers)]
    lines = ["".join(heads)]
    for name, size, _ in values(scale):
        ours = found["foundations"][name]
        speed = f"{size / ours / 1e9:.2f}" if size else ""
        cells = [f"{shown(found[peer][name]):>12}{found[peer][name] / ours:>8.1f}" for peer in peers if found[peer]]
        lines.append(f"{name:40}{shown(ours):>12}{speed:>7}{''.join(cells)}")
    return lines


def goals(found: dict[str, Seconds]) -> list[str]:
    """Return a line for each goal against joblib."""
    if not found.get("joblib"):
        return []
    reached = {name: found["joblib"][name] / found["foundations"][name] for name in GOALS}
    return ["", *(f"goal: {name}, {GOALS[name]} x joblib: {ratio:.1f} x" for name, ratio in reached.items())]


def shown(seconds: float) -> str:
    """Return a time in the unit that fits."""
    return f"{seconds * 1e6:.1f} us" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"


def facts(samples: int) -> str:
    """Return the line that says where this was measured."""
    peers = ", ".join(f"{name} {peer.version}" for name, peer in PEERS.items())
    machine = f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}"
    return f"digests of values, best of {samples} rounds; Python {platform.python_version()}, {machine}; {peers}\n"


if __name__ == "__main__":
    main()
