"""The runtime: our own code, compiled, as it travels to every host, named by its content.

Two folders, since the worker must not find the courier's libraries: a user's own boto3 is the one that counts there.
"""

import compileall
import hashlib
import json
import secrets
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from py_compile import PycInvalidationMode

from foundations_runner.errors import RuntimeIncomplete

_OURS = ("foundations_runner", "foundations_archive")
_LIBRARIES = {
    "boto3": "boto3",
    "botocore": "botocore",
    "s3transfer": "s3transfer",
    "jmespath": "jmespath",
    "dateutil": "python-dateutil",
    "six": "six",
    "urllib3": "urllib3",
}
# all that S3 needs of botocore's 25 MB of service descriptions
_SERVICES = frozenset({"s3", "sts"})


@dataclass(frozen=True)
class Runtime:
    """A built runtime: the folder that holds it and the digest that names it."""

    path: Path
    digest: str


def ensure_runtime(home: Path, *, worker: Sequence[str], libraries: Sequence[str]) -> Runtime:
    """Return the runtime for this Python below `home`, building it only if it is not there.

    `worker` and `libraries` name the packages of ours and of others that the worker gets. Raise
    `RuntimeIncomplete` where one of them is not installed.
    """
    digest = _digest(worker, libraries)
    path = home / "runtime" / digest
    if not path.is_dir():
        _build(path, worker=(*worker, *libraries))
    return Runtime(path, digest)


def _digest(worker: Sequence[str], libraries: Sequence[str]) -> str:
    names = {**_LIBRARIES, **{name: name for name in libraries}}
    contents = {
        f"{package}/{file.relative_to(root)}": hashlib.sha256(file.read_bytes()).hexdigest()
        for package in (*_OURS, *worker)
        for root in [_location(package)]
        for file in sorted(root.rglob("*.py"))
    }
    versions = {package: _version(package, distribution) for package, distribution in names.items()}
    text = json.dumps([sys.implementation.cache_tag, contents, versions], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _build(path: Path, *, worker: Iterable[str]) -> None:
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    temporary.mkdir(parents=True)
    try:
        for package in (*_OURS, *_LIBRARIES):
            _copy(_location(package), temporary / "courier")
        for package in worker:
            _copy(_location(package), temporary / "worker")
        _copy_channel(temporary / "worker" / "foundations_runner")
        for script in Path(__file__).with_name("launch").glob("*.py"):
            shutil.copy(script, temporary)
        # unchecked: the files of a runtime never change, and copying them to a host changes their times
        compileall.compile_dir(
            temporary, quiet=2, stripdir=temporary, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
        )
        _publish(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _publish(temporary: Path, path: Path) -> None:
    try:
        temporary.rename(path)
    except OSError:
        if not path.is_dir():  # another driver built the same one first
            raise


def _copy(source: Path, target: Path) -> None:
    target.mkdir(exist_ok=True)
    if source.is_file():
        shutil.copy(source, target)
        return
    shutil.copytree(source, target / source.name, ignore=_left_out)


def _left_out(directory: str, names: list[str]) -> set[str]:
    out = {name for name in names if name == "__pycache__" or name.endswith((".so", ".pyi"))}
    if Path(directory).name == "foundations_archive":
        out.add("upkeep")  # which no job does
    if Path(directory).parts[-2:] == ("botocore", "data"):
        out |= {name for name in names if "." not in name and name not in _SERVICES}
    return out


def _copy_channel(target: Path) -> None:
    target.mkdir()
    for name in ("__init__.py", "channel.py", "ring.py"):
        shutil.copy(Path(__file__).with_name(name), target)


def _location(package: str) -> Path:
    found = find_spec(package)
    if found is None or found.origin is None:
        raise RuntimeIncomplete(f"the package {package} is not installed beside foundations; pip install {package}")
    origin = Path(found.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def _version(package: str, distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return hashlib.sha256(_location(package).read_bytes()).hexdigest()
