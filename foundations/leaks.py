"""Files that look like keys or credentials, found before they leave this machine."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from foundations.errors import BundleError
from foundations.walk import opened

ALLOW_FILE = ".foundationsallow"
_LARGEST = 1_000_000
_SHOWN = 20
_PRIVATE_FOLDERS = {".aws", ".ssh", ".kube", ".docker"}
_PRIVATE_NAMES = {
    ".env": "variables that are kept out of the code",
    "id_rsa": "a private SSH key",
    "id_dsa": "a private SSH key",
    "id_ecdsa": "a private SSH key",
    "id_ed25519": "a private SSH key",
    ".netrc": "passwords of hosts",
    ".pgpass": "passwords of databases",
    ".pypirc": "passwords of package indexes",
    ".git-credentials": "passwords of git",
}
_PRIVATE_ENDINGS = {".kdbx": "a password database", ".p12": "a private key", ".pfx": "a private key"}
_KEY_ENDINGS = {".pem", ".key"}
_TEMPLATES = {".env.example", ".env.sample", ".env.template", ".env.dist"}

# what must be there, since searching for it is cheap; then the whole format; then what that is
_FORMATS = tuple(
    (marker, re.compile(pattern), looks_like)
    for marker, pattern, looks_like in (
        (b"PRIVATE KEY", rb"----[- ]BEGIN [A-Z0-9 ]*PRIVATE KEY", "a private key"),
        (b"PuTTY-User-Key-File-", rb"PuTTY-User-Key-File-\d", "a private SSH key"),
        (b"AKIA", rb"(?<![A-Za-z0-9])AKIA[A-Z2-7]{16}(?<!EXAMPLE)(?![A-Za-z0-9])", "an AWS access key id"),
        (b"ASIA", rb"(?<![A-Za-z0-9])ASIA[A-Z2-7]{16}(?<!EXAMPLE)(?![A-Za-z0-9])", "an AWS access key id"),
        (b"gh", rb"\bgh[pousr]_[A-Za-z0-9]{36}", "a GitHub token"),
        (b"github_pat_", rb"\bgithub_pat_[A-Za-z0-9_]{36}", "a GitHub token"),
        (b"glpat-", rb"\bglpat-[A-Za-z0-9_-]{20}", "a GitLab token"),
        (b"xox", rb"\bxox[abeprs]-[A-Za-z0-9][A-Za-z0-9-]{15}", "a Slack token"),
        (b"AIza", rb"\bAIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])", "a Google API key"),
        (b"hf_", rb"\bhf_[A-Za-z]{34}\b", "a Hugging Face token"),
        (b"T3BlbkFJ", rb"\bsk-[A-Za-z0-9_-]{20,}T3BlbkFJ[A-Za-z0-9_-]{20}", "an OpenAI key"),
        (b"sk-ant-", rb"\bsk-ant-[a-z0-9]+-[A-Za-z0-9_-]{40}", "an Anthropic key"),
        (b"pypi-AgEIcHlwaS5vcmc", rb"\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50}", "a PyPI token"),
        (b"npm_", rb"\bnpm_[A-Za-z0-9]{36}\b", "an npm token"),
        (b"_live_", rb"\b[rs]k_live_[A-Za-z0-9]{24}", "a Stripe key"),
        (b"AccountKey=", rb"\bAccountKey=[A-Za-z0-9+/]{86}==", "an Azure storage key"),
    )
)


# where; what; what that is
_PLACES = (
    (
        re.compile(r"(?:^|/)config/[^/]+\.config\.yaml$"),
        re.compile(rb"\b(?:secret_access_key|session_token)[\"']?[ \t]*:[ \t]*[\"']?(?!\$\{)[^\s\"',}#$]"),
        "a secret; name an environment variable instead, as ${NAME}",
    ),
    (
        re.compile(r"(?:^|/)[^/]*(?:requirements|constraints)[^/]*$"),
        re.compile(rb"\bhttps?://[^\s/:@]+:(?!\$\{)[^\s/@]+@"),
        "a password in an address; name an environment variable instead, as ${NAME}, or use .netrc",
    ),
)


@dataclass(frozen=True)
class Leak:
    """A file that should not travel, the line if there is one, and what that looks like; never the value."""

    path: str
    line: int | None
    looks_like: str

    def __str__(self) -> str:
        return f"{self.path}{'' if self.line is None else f':{self.line}'} ({self.looks_like})"


def find_leaks(root: Path, files: Iterable[str], *, allow: Iterable[str] = ()) -> list[Leak]:
    """Return what looks like credentials in `files`, but for the globs in `allow` and `.foundationsallow`."""
    allowed = (*allow, *_allowed(root))
    return [
        leak for path in files if not any(fnmatchcase(path, glob) for glob in allowed) for leak in _leaks(root, path)
    ]


def refuse_leaks(root: Path, files: Iterable[str], *, allow: Iterable[str] = ()) -> None:
    """Raise `BundleError` naming every file and line that `find_leaks` finds."""
    leaks = find_leaks(root, files, allow=allow)
    if not leaks:
        return
    lines = [f"  {leak}" for leak in leaks[:_SHOWN]]
    if len(leaks) > _SHOWN:
        lines.append(f"  and {len(leaks) - _SHOWN} more")
    raise BundleError(
        "these look like credentials and would travel with the job; name them in .foundationsignore,"
        f" or if the job needs them in {ALLOW_FILE}, one glob per line:\n" + "\n".join(lines),
        paths=tuple(dict.fromkeys(leak.path for leak in leaks)),
    )


def _allowed(root: Path) -> list[str]:
    if not (root / ALLOW_FILE).is_file():
        return []
    with opened(root, ALLOW_FILE) as file:
        text = file.read().decode("utf-8-sig", errors="replace")
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _leaks(root: Path, path: str) -> Iterator[Leak]:
    if looks_like := _looks_private(path):
        yield Leak(path, None, looks_like)
        return
    with opened(root, path) as file:
        content = file.read(_LARGEST + 1)
    is_text = len(content) <= _LARGEST and b"\0" not in content
    found = [*_formats(path, content), *_placed(path, content)] if is_text else []
    yield from found
    name = PurePosixPath(path)
    if not found and name.suffix.lower() in _KEY_ENDINGS and not (is_text and b"-----BEGIN " in content):
        yield Leak(path, None, "a key")
    if not found and name.name.lower() == "credentials.json" and b'"private_key"' in content:
        yield Leak(path, None, "the credentials of a service account")


def _looks_private(path: str) -> str | None:
    *folders, name = path.lower().split("/")
    private = _PRIVATE_FOLDERS.intersection(folders)
    if private:
        return f"the settings and credentials in {min(private)}"
    if name.startswith(".env.") and name not in _TEMPLATES:
        return _PRIVATE_NAMES[".env"]
    return _PRIVATE_NAMES.get(name) or _PRIVATE_ENDINGS.get(PurePosixPath(name).suffix)


def _placed(path: str, content: bytes) -> Iterator[Leak]:
    """Find what is a secret for where it stands: in our own config files, in the addresses of requirements."""
    for where, pattern, looks_like in _PLACES:
        if where.search(path):
            for match in pattern.finditer(content):
                yield Leak(path, content.count(b"\n", 0, match.start()) + 1, looks_like)


def _formats(path: str, content: bytes) -> Iterator[Leak]:
    hits = [
        (match.start(), looks_like)
        for marker, pattern, looks_like in _FORMATS
        if marker in content
        for match in pattern.finditer(content)
    ]
    for start, looks_like in sorted(hits):
        yield Leak(path, content.count(b"\n", 0, start) + 1, looks_like)
