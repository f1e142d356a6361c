"""Files as an archive's directory has them, and what it means for the archive when the operating system says no."""

import errno
import os
from pathlib import Path

from foundations_archive.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveForbidden,
    ArchiveFull,
    ArchiveMisconfigured,
    ArchiveUnreachable,
    RequestRejected,
)

# what is no file, as a directory or a link that leads in a circle, holds nothing that was written
NO_FILE = {errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO}
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.EEXIST, errno.EISDIR, errno.ENOTDIR, errno.ELOOP}
# a name or a value that is too long for this file system, or folders of one archive on two of them
_NEVER = {errno.ENAMETOOLONG, errno.EFBIG, errno.EXDEV}
_NO_SYNC = {errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.EOPNOTSUPP}


def explanation(error: OSError, doing: str, key: str, location: str) -> ArchiveError:
    """Return what it means for the archive at `location` that the operating system did not do something."""
    name = errno.errorcode.get(error.errno or 0, "")
    said = f"{error.strerror or error} ({name})" if name else str(error)
    if error.errno in _FULL:
        message = f"could not {doing} {location}: {said}; make room there, or use another directory"
        return ArchiveFull(message, key=key, location=location, code=name)
    if error.errno in _FORBIDDEN:
        message = f"user {os.geteuid()} may not {doing} {location}: {said}; change its owner or its mode"
        return ArchiveForbidden(message, key=key, location=location, code=name)
    if error.errno in _IN_THE_WAY and not key:
        message = f"{location} can't be a directory: {said}; move the file in the way, or use another path"
        return ArchiveMisconfigured(message, location=location, code=name)
    if error.errno in _IN_THE_WAY:
        message = f"could not {doing} {location}: {said}; a key can't be a value and a folder"
        return ArchiveDamaged(message, key=key, location=location, code=name)
    if error.errno in _NEVER:
        message = (
            f"could not {doing} {location}: {said}, and would fail again; use a directory on one file system "
            "that takes names of 255 characters and large files"
        )
        return RequestRejected(message, key=key, location=location, code=name)
    message = f"could not {doing} {location}: {said}; is the disk or the share behind it there and sound?"
    return ArchiveUnreachable(message, key=key, location=location, code=name)


def rename(temporary: Path, path: Path) -> None:
    """Give a file its name, in place of what is there: an empty directory too, which holds nothing."""
    try:
        temporary.replace(path)
    except IsADirectoryError as error:
        try:
            path.rmdir()
        except OSError:
            raise error from None
        temporary.replace(path)


def found(path: Path) -> os.stat_result | None:
    """Return what a path leads to, or None where nothing is there that could be read."""
    try:
        return path.stat()
    except OSError as error:
        if error.errno not in NO_FILE:
            raise
        return None


def is_folder(one: os.DirEntry[str]) -> bool:
    """Tell whether this is a directory, or leads to one."""
    try:
        return one.is_dir()
    except OSError:  # a link that leads in a circle
        return False


def sync(directory: Path) -> None:
    """Have the names in a directory on the disk, so that what was reported as written survives a loss of power."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except PermissionError:  # who may write to a directory need not be allowed to list it
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)
