"""The peers' own environments, one each: made once, under .work/peers, with pinned versions."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_PLACE = Path(__file__).parents[2] / ".work" / "peers"


@dataclass(frozen=True)
class Peer:
    """What a peer is installed from; the first requirement names its version."""

    name: str
    requirements: tuple[str, ...]

    @property
    def version(self) -> str:
        """The pinned version."""
        return self.requirements[0].partition("==")[2]


JOBLIB = Peer("joblib", ("joblib==1.6.0",))
REDUN = Peer("redun", ("redun==0.44.1",))
# this Prefect allows newer versions of FastAPI and does not run with them
PREFECT = Peer("Prefect", ("prefect==3.8.8", "fastapi==0.141.0"))
HAMILTON = Peer("Hamilton", ("sf-hamilton==1.90.0",))
MLFLOW = Peer("MLflow", ("mlflow-skinny==3.17.2",))
# the same with what search_runs and its SQLite store need
MLFLOW_STORES = Peer("MLflow-stores", ("mlflow-skinny==3.17.2", "alembic", "pandas", "sqlalchemy"))


def with_data(peer: Peer) -> Peer:
    """Return a peer in an environment that has NumPy and pandas too."""
    return Peer(f"{peer.name}-with-data", (*peer.requirements, "numpy", "pandas"))


class NotInstalled(Exception):
    """A peer could not be installed; the text says why."""


def python_of(peer: Peer) -> str:
    """Return the Python that `peer` is installed for, installing it first where it is not; raise `NotInstalled`."""
    place = _PLACE / f"{peer.name.lower()}-{peer.version}"
    if not (place / "installed").exists():
        _install(peer, place)
    return str(place / "bin" / "python")


def _install(peer: Peer, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)  # an installation that was interrupted
    print(f"installing {' '.join(peer.requirements)}", file=sys.stderr)
    _run([sys.executable, "-m", "venv", str(place)])
    _run([str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", *peer.requirements])
    (place / "installed").touch()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or done.stderr.splitlines()
        raise NotInstalled(lines[-1].removeprefix("ERROR: ") if lines else f"exit status {done.returncode}")
