"""Which lines of a requirements file can be installed in a container."""

import re

from packaging.requirements import InvalidRequirement, Requirement

from foundations_images.lines import Line

LOCAL = "local packages are not installed yet: keep the code in the model directory, or name an index that has it"

_FLAGS = frozenset({"--no-index", "--pre", "--prefer-binary", "--require-hashes"})
_FILES = frozenset({"--requirement", "--constraint"})
_PLACES = frozenset({"--index-url", "--extra-index-url", "--find-links"})
_VALUED = _FILES | _PLACES | {"--no-binary", "--only-binary", "--trusted-host", "--use-feature"}
_REMOTE = re.compile(r"https?://|\$\{\w+\}", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+]*://", re.IGNORECASE)
_HERE = ("file:", ".", "/", "~")
_OURS = re.compile(r"foundations\s*(?![A-Za-z0-9._-])", re.IGNORECASE)
_ARCHIVE = (".whl", ".tar.gz", ".tgz", ".tar.bz2", ".zip")
_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")


def problem(line: Line) -> str | None:
    """Return why `line` cannot be used and what to do about it, or None when it can."""
    if line.option is not None:
        return _option_problem(*line.option)
    if _OURS.match(line.specifier):
        return "names what travels with every job by itself; remove it, a package index may hold another of that name"
    if _is_local(line.specifier):
        return f"cannot be used; {LOCAL}"
    for option in line.trailing:
        if not re.match(r"--hash[ =]", option):
            return f"cannot be used: the installer takes only --hash there; remove {option!r}"
    if _URL.match(line.specifier):
        return None
    try:
        Requirement(line.specifier)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0]
        return f"is not a requirement ({reason}); write it as in 'name==1.2' or 'name>=1,<2'"
    return None


def _option_problem(name: str, value: str) -> str | None:
    if name == "--editable":
        return f"cannot be used; {LOCAL}"
    if name not in _FLAGS | _VALUED:
        return f"has an option that the installer does not take ({name}); remove it"
    if name in _VALUED and not value:
        return f"has no value for {name}; add one or remove the line"
    if name in _PLACES and not _REMOTE.match(value):
        return f"names a place that a container cannot reach; {LOCAL}"
    if name == "--trusted-host" and not _HOST.fullmatch(value):
        return "does not name a host; write it as in '--trusted-host pypi.example.org'"
    return None


def _is_local(specifier: str) -> bool:
    target = specifier.partition(";")[0].strip().lower()
    named, _, place = target.partition("@")
    if target.startswith(_HERE) or place.strip().startswith(_HERE):
        return True
    if _URL.match(target):
        return False
    return "/" in named or "\\" in named or named.endswith(_ARCHIVE)
