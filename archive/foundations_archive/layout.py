"""The keys of an archive; no other module spells one (docs/archive-format.md explains each)."""

import base64
import hashlib
import re

DESCRIPTOR = "foundations.json"
BLOBS = "blobs/"
JOBS = "jobs/"
LIVE = "live/"
ROWS = "idx/"
HIDDEN = "hidden/"
CACHE = "cache/"
LEASES = "leases/"
CYCLES = "gc/"
EXPECTED = "expected/"

# the attempt of all who see a courier die, or cancel a job that waits: of them too only one has the word
WATCHER = "watcher"

_POST = "=post"

_SEGMENT = re.compile(r"/ev/[0-9]{8}$")
_PACK = re.compile(r"idx/[^/]+/s/[0-9]+-[0-9a-f]{16}")
_SAFE_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

# what there is in an archive, by the names that `foundations archive` gives it
_KINDS = {
    "descriptor": re.compile(r"foundations\.json"),
    "blob": re.compile(r"blobs/([0-9a-f]{2})/\1[0-9a-f]{62}"),
    "spec": re.compile(r"jobs/[^/=]+/spec\.json"),
    "cancel": re.compile(r"jobs/[^/=]+/cancel\.json"),
    "start": re.compile(r"jobs/[^/=]+/a/[^/]+/start\.json"),
    "segment": re.compile(r"jobs/[^/=]+/a/[^/]+/ev/[0-9]{8}"),
    "done": re.compile(r"jobs/[^/=]+/a/[^/]+/done\.json"),
    "post": re.compile(r"jobs/[^/=]+/a/[^/]+/post\.json"),
    "row": re.compile(r"idx/[^/]+/t/[^/=]+(=post)?"),
    "pack": re.compile(r"idx/[^/]+/s/[0-9]+-[0-9a-f]{16}"),
    "hidden": re.compile(r"hidden/[^/]+/[^/=]+"),
    "marker": re.compile(r"live/[^/]+/[^/=]+"),
    "cache": re.compile(r"cache/([^/]{2})/\1[^/]*\.json"),
    "expected": re.compile(r"expected/([0-9a-f]{2})/\1[0-9a-f]{62}\.json"),
    "lease": re.compile(r"leases/[a-z]+/([^/=]{2})/\1[^/=]*=[0-9]{6}"),
    "cycle": re.compile(r"gc/[^/]+\.json"),
}
KINDS = tuple(_KINDS)
_BY_FOLDER = {
    folder: [kind for kind, pattern in _KINDS.items() if pattern.pattern.startswith(folder)]
    for folder in (BLOBS, JOBS, LIVE, ROWS, HIDDEN, CACHE, EXPECTED, LEASES, CYCLES)
}


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


def is_segment(key: str) -> bool:
    """Tell whether a key of an attempt is that of a segment of its events."""
    return bool(_SEGMENT.search(key))


def segment_of(key: str) -> tuple[str, int]:
    """Return the prefix of the attempt that a segment is of, and its number."""
    prefix, _, number = key.rpartition("/ev/")
    return prefix, int(number)


def attempt_of(key: str) -> str:
    """Return the prefix of the attempt that a sealing record is of, as `segment_of` gives it."""
    return key.rpartition("/")[0]


def segment_in(prefix: str, number: int) -> str:
    """Return the key of a segment of the attempt whose prefix `segment_of` gives."""
    return f"{prefix}/ev/{number:08d}"


def done(job_id: str, attempt: str) -> str:
    """Return the key of the record that seals a job."""
    return f"{attempts(job_id)}{attempt}/done.json"


def post(job_id: str, attempt: str) -> str:
    """Return the key of the record by which whoever watched a courier die seals its job."""
    return f"{attempts(job_id)}{attempt}/post.json"


def live(project: str, job_id: str) -> str:
    """Return the key of the marker of a job that has not ended, which is overwritten as a sign of life."""
    return f"{LIVE}{quoted(project)}/{job_id}"


def rows(project: str | None) -> str:
    """Return the prefix of the index rows of one project, or of all."""
    return ROWS if project is None else f"{ROWS}{quoted(project)}/t/"


def row(project: str, job_id: str, *, watcher: bool = False) -> str:
    """Return the key of the index row of an ended job, by its courier or by who took that for dead."""
    # no name of a job holds a "=": the two never meet, and neither is ever overwritten
    return f"{rows(project)}{job_id}{_POST if watcher else ''}"


def index(project: str | None) -> str:
    """Return the prefix of all that the index has of one project, or of all: rows and packs."""
    return ROWS if project is None else f"{ROWS}{quoted(project)}/"


def index_beside(key: str) -> str:
    """Return the prefix of all that the index has of the project that a key of it is of."""
    return f"{ROWS}{folder_of(key)}/"


def pack(beside: str, name: str) -> str:
    """Return the key of a pack of the project that the row or the pack `beside` is of."""
    return f"{ROWS}{folder_of(beside)}/s/{name}"


def is_row(key: str) -> bool:
    """Tell whether a key of the index is a row's."""
    return key.split("/")[2:3] == ["t"]


def is_pack(key: str) -> bool:
    """Tell whether a key of the index is a pack's."""
    return bool(_PACK.fullmatch(key))


def rows_in(key: str) -> int:
    """Return how many rows a pack has, which its key says."""
    return int(key.rpartition("/")[2].partition("-")[0])


def folder_of(key: str) -> str:
    """Return the path segment of the project that a key of the index, a marker or a hidden job's is of."""
    return key.split("/")[1]


def job_of(key: str) -> str:
    """Return the id of the job that a marker, a row or a hidden job's key is of."""
    return key.rpartition("/")[2].removesuffix(_POST)


def is_seal(key: str) -> bool:
    """Tell whether a key of an attempt is that of a record which seals the job."""
    return key.endswith(("/done.json", "/post.json"))


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


def cached_beside(key: str, name: str | None = None) -> str:
    """Return the key of an entry that stands beside that of a cache key; without a name the prefix of all of them."""
    prefix = f"cache/{key[:2]}/{key}="
    return prefix if name is None else f"{prefix}{name}.json"


def expected(shape: str) -> str:
    """Return the key of the names of the entries that the last job of a shape was served from."""
    return f"{EXPECTED}{shape[:2]}/{shape}.json"


def leases(kind: str, name: str) -> str:
    """Return the prefix of all generations of a lease."""
    return f"{LEASES}{kind}/{name[:2]}/{name}="


def lease(kind: str, name: str, generation: int) -> str:
    """Return the key of a generation of a lease; keys sort as generations follow one another."""
    return f"{leases(kind, name)}{generation:06d}"


def generation_in(key: str) -> int:
    """Return the generation that a key of a lease names, below 0 for a key that is none."""
    number = key.rpartition("=")[2]
    return int(number) if kind_of(key) == "lease" else -1


def generations_beside(key: str) -> str:
    """Return the prefix of all generations of the lease that a key is of."""
    return key.rpartition("=")[0] + "="


def cycle(name: str) -> str:
    """Return the key of what a collection has found that nothing names."""
    return f"{CYCLES}{name}.json"


def kind_of(key: str) -> str | None:
    """Return which of `KINDS` a key is of, or None for one that no version of ours has written."""
    if key == DESCRIPTOR:
        return "descriptor"
    kinds = _BY_FOLDER.get(f"{key.partition('/')[0]}/", ())
    return next((kind for kind in kinds if _KINDS[kind].fullmatch(key)), None)


def digest_in(key: str) -> str:
    """Return the digest that a blob's key names."""
    return key.rpartition("/")[2]


def job_in(key: str) -> str:
    """Return the id of the job that a key below `JOBS` is of."""
    return key.split("/")[1]


def attempt_in(key: str) -> str:
    """Return the attempt that a record or a segment is of."""
    return key.split("/")[3]


def number_in(key: str) -> int:
    """Return the number of a segment of events."""
    return int(key.rpartition("/")[2])
