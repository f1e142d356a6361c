"""The keys of an archive; no other module spells one (docs/archive-format.md explains each)."""

import base64
import hashlib
import re

DESCRIPTOR = "foundations.json"
LIVE = "live/"
ROWS = "idx/"
HIDDEN = "hidden/"

# the attempt of all who see a courier die, or cancel a job that waits: of them too only one has the word
WATCHER = "watcher"

_POST = "=post"

_SAFE_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def quoted(project: str) -> str:
    """Return the path segment of a project: its name where that is safe on every store, else a digest of it."""
    if _SAFE_PROJECT.fullmatch(project) and not project.startswith("x-"):
        return project
    digest = hashlib.sha256(project.encode("utf-8", "surrogatepass")).digest()
    return "x-" + base64.b32encode(digest).decode().lower()[:20]


def blob(digest: str) -> str:
    """Return the key of the blob whose content has this SHA-256."""
    return f"blobs/{digest[:2]}/{digest}"


def spec(job_id: str) -> str:
    """Return the key of what a job is, written once by its driver."""
    return f"jobs/{job_id}/spec.json"


def cancel(job_id: str) -> str:
    """Return the key of the request that a job ends, written once by anyone."""
    return f"jobs/{job_id}/cancel.json"


def attempts(job_id: str) -> str:
    """Return the prefix of everything that those who ran or watched a job wrote of it."""
    return f"jobs/{job_id}/a/"


def start(job_id: str, attempt: str) -> str:
    """Return the key of the record that a courier writes before its worker starts."""
    return f"{attempts(job_id)}{attempt}/start.json"


def segments(job_id: str, attempt: str) -> str:
    """Return the prefix of an attempt's event segments."""
    return f"{attempts(job_id)}{attempt}/ev/"


def segment(job_id: str, attempt: str, number: int) -> str:
    """Return the key of an attempt's event segment; keys sort as the segments were written."""
    return f"{segments(job_id, attempt)}{number:08d}"


def done(job_id: str, attempt: str) -> str:
    """Return the key of the record that seals a job."""
    return f"{attempts(job_id)}{attempt}/done.json"


def post(job_id: str, attempt: str) -> str:
    """Return the key of the record by which whoever watched a courier die seals its job."""
    return f"{attempts(job_id)}{attempt}/post.json"


def live(project: str, job_id: str) -> str:
    """Return the key of the marker of a job that has not ended: the only object that is overwritten."""
    return f"{LIVE}{quoted(project)}/{job_id}"


def rows(project: str | None) -> str:
    """Return the prefix of the index rows of one project, or of all."""
    return ROWS if project is None else f"{ROWS}{quoted(project)}/t/"


def row(project: str, job_id: str, *, watcher: bool = False) -> str:
    """Return the key of the index row of an ended job, by its courier or by who took that for dead."""
    # no name of a job holds a "=": the two never meet, and neither is ever overwritten
    return f"{rows(project)}{job_id}{_POST if watcher else ''}"


def job_of(key: str) -> str:
    """Return the id of the job that a marker, a row or a hidden job's key is of."""
    return key.rpartition("/")[2].removesuffix(_POST)


def is_by_watcher(key: str) -> bool:
    """Tell whether a row, or the record that seals a job, is by someone who took its courier for dead."""
    return key.endswith((_POST, "/post.json"))


def markers(project: str | None) -> str:
    """Return the prefix of the live markers of one project, or of all."""
    return LIVE if project is None else f"{LIVE}{quoted(project)}/"


def hidden(project: str, job_id: str) -> str:
    """Return the key of the record that lets listings leave a job out."""
    return f"{hidden_jobs(project)}{job_id}"


def hidden_jobs(project: str | None) -> str:
    """Return the prefix of what listings of one project, or of all, leave out."""
    return HIDDEN if project is None else f"{HIDDEN}{quoted(project)}/"


def cached(key: str) -> str:
    """Return the key of the entry of a cache key."""
    return f"cache/{key[:2]}/{key}.json"
