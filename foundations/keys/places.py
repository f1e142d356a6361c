"""What a path is to a stage: something of the project's, something of Python's own, or something else."""

import os
import site
import sys
import sysconfig
from collections.abc import Callable, Iterator

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_TIME_ZONES = ("/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo")
_MADE_UP = ("/proc/", "/sys/", "/dev/")
_OF_ALL = ("/usr/bin", "/bin")
# they differ from one container to the next, and are none of the user's
_OF_THE_MACHINE = frozenset({"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/mtab", "/etc/localtime"})


class Places:
    """The folder of a project and the folders of Python; names paths so that they mean the same elsewhere."""

    def __init__(self, root: str | os.PathLike[str], *, owns: Callable[[str], bool] | None = None) -> None:
        given = os.path.abspath(root)
        self.root = os.path.realpath(given)
        self._roots = tuple({f"{self.root.rstrip('/')}/", f"{given.rstrip('/')}/"})
        self._library = tuple(sorted(one for one in set(_folders_of_python()) if not self._roots[0].startswith(one)))
        folders = {one.rstrip("/") for one in self._library}
        self._exceptions = {*_OF_THE_MACHINE, *folders, sys.executable, os.path.realpath(sys.executable)}
        self._known: dict[str, bool] = {}  # by folder: this is asked for each file
        self.owns = owns or self._owns

    def name(self, path: str) -> str:
        """Return an absolute path relative to the project's folder, or as it is where it leads elsewhere."""
        for root in self._roots:
            if path.startswith(root):
                return path[len(root) :] or "."
            if path == root[:-1]:
                return "."
        return path

    def is_library(self, path: str) -> bool:
        """Tell whether an absolute path belongs to what the environment's key or Python's version stands for."""
        folder = path[: path.rfind("/")]
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = f"{folder}/".startswith(self._library)
        return known or path in self._exceptions

    def is_above(self, path: str) -> bool:
        """Tell whether an absolute path is the project's folder, or one that it lies in: they are always there."""
        folder = path.rstrip("/") + "/"
        return any(root.startswith(folder) for root in self._roots)

    def _owns(self, file: str) -> bool:
        """Tell whether a code object's file is the project's; what is pickled by value has a relative one."""
        if file[:1] in ("<", ""):
            return False
        return file[0] != "/" or (file.startswith(self._roots) and not file.startswith(self._library))


def absolute(path: object, folder: str | None = None) -> str | None:
    """Return a path as an absolute text, relative to `folder` or to where the process is; None for what is no path.

    Links are not followed, unless `..` comes behind one.
    """
    text = _text(path)
    if text is None:
        return None
    if text[:1] != "/":
        try:
            text = f"{folder or os.getcwd()}/{text}"
        except OSError:  # the directory is gone, and what is relative to it too
            return None
    if "/../" in text or text.endswith("/.."):
        return os.path.realpath(text)
    if "//" in text or "/./" in text or text.endswith(("/", "/.")):
        return "/" + "/".join(part for part in text.split("/") if part not in ("", "."))
    return text


def is_of_the_system(path: str) -> bool:
    """Tell whether a path leads to what the system makes up or to a device; shared memory holds files like others."""
    folder = f"{path}/"
    return folder.startswith(_MADE_UP) and not folder.startswith("/dev/shm/")  # noqa: S108 - nothing is made there


def of_descriptor(descriptor: int) -> str | None:
    """Return the path behind an open descriptor, where the system tells it."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        try:
            path = os.readlink(f"{folder}/{descriptor}")
        except (OSError, ValueError):
            continue
        return path if path[:1] == "/" else None
    return None


def _text(path: object) -> str | None:
    if path is None:
        return "."
    if type(path) is str:
        return path
    if isinstance(path, os.PathLike):
        path = os.fspath(path)
    if isinstance(path, str):  # one of the user's own, whose methods may do anything
        return str.__str__(path)
    if isinstance(path, bytes):
        return os.fsdecode(bytes(path))
    if type(path) is int:
        return of_descriptor(path)
    return None


def _folders_of_python() -> Iterator[str]:
    names = ("stdlib", "platstdlib", "purelib", "platlib", "scripts")
    found = [sysconfig.get_paths().get(name, "") for name in names]
    found += [*site.getsitepackages(), site.getusersitepackages(), *_TIME_ZONES, _HERE]
    found += [f"{prefix}/share/locale" for prefix in (sys.prefix, sys.base_prefix)]
    for folder in found:
        if folder and folder not in _OF_ALL:
            yield os.path.abspath(folder).rstrip("/") + "/"
            yield os.path.realpath(folder).rstrip("/") + "/"
