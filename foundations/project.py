"""Where a driver's project begins on the disk, and which of its folders Python imports from."""

import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

_PACKAGE_FOLDERS = {"site-packages", "dist-packages"}


def driver_directory() -> Path:
    """Return the folder that the driver's imports start from.

    It is that of the driver's file, that which holds the package for `python -m package.driver`, and the current one
    in a notebook, a prompt, or where a tool such as pytest runs the driver.
    """
    main = sys.modules.get("__main__")
    file = getattr(main, "__file__", None)
    if file is None or not Path(file).is_file() or _is_tool(Path(file).absolute()):
        return Path.cwd()
    package = getattr(main, "__package__", None)
    return Path(file).resolve().parents[len(package.split(".")) if package else 0]


def find_root(driver_dir: Path) -> Path:
    """Return the nearest folder, from the driver's upwards, that looks like a project, else the driver's own.

    A project has a folder `config`, a `pyproject.toml` or a `requirements.txt`. The user's home and the root
    of the file system are projects only for a driver that lies directly there.
    """
    driver_dir = driver_dir.resolve()
    limits = {_home(), Path(driver_dir.anchor)}
    for folder in (driver_dir, *driver_dir.parents):
        if folder in limits:
            break
        if _is_project(folder):
            return folder
    return driver_dir


def import_paths(root: Path, sys_path: Iterable[str], *, driver_dir: Path | None = None) -> tuple[str, ...]:
    """Return the entries of `sys_path` inside `root`, relative to it: the driver's folder, then in order.

    Virtual environments and installed packages are left out; `root` itself is always there, as `.`.
    """
    root = root.resolve()
    entries = [Path(entry).resolve() for entry in sys_path if isinstance(entry, str)]
    wanted = [(driver_dir or driver_directory()).resolve(), *entries, root]
    inside = [path for path in wanted if path.is_relative_to(root) and path.exists() and not _is_installed(path, root)]
    return tuple(dict.fromkeys(path.relative_to(root).as_posix() for path in inside))


def _is_tool(file: Path) -> bool:
    """Tell whether a file was installed, or came with Python: what runs it is not the user's project."""
    scripts = {sysconfig.get_path("scripts"), sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))}
    inside = not _PACKAGE_FOLDERS.isdisjoint(file.parts) or file.is_relative_to(sysconfig.get_path("stdlib"))
    return inside or str(file.parent) in scripts


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except RuntimeError:
        return None


def _is_project(folder: Path) -> bool:
    return (
        (folder / "config").is_dir() or (folder / "pyproject.toml").is_file() or (folder / "requirements.txt").is_file()
    )


def _is_installed(path: Path, root: Path) -> bool:
    return any(folder.name in _PACKAGE_FOLDERS or (folder / "pyvenv.cfg").is_file() for folder in _below(root, path))


def _below(root: Path, path: Path) -> Iterator[Path]:
    """Yield `path` and the folders that hold it, up to `root` but without it."""
    while path != root:
        yield path
        path = path.parent
