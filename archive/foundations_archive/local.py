"""The store that is a directory."""

import errno
import fcntl
import os
import secrets
import stat
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from foundations_archive.errors import ArchiveMisconfigured, NotArchived
from foundations_archive.files import NO_FILE, explanation, found, is_folder, rename, sync
from foundations_archive.store import PIECE, TEMPORARY, Entry, require_safe_key, require_safe_prefix

_ALL = os.R_OK | os.W_OK | os.X_OK
_LOCK = "create.lock"
_NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


class DirectoryStore:
    """The store below `root`; all that it makes there belongs to `owner` (uid, gid) when one is given.

    A value is written under a temporary name, synced, and only then named, so no crash leaves part of one; when a
    write returns, its name is on the disk too.
    """

    def __init__(self, root: Path, *, owner: tuple[int, int] | None = None) -> None:
        self._root = root.absolute()
        self._owner = owner
        self.location = str(self._root)

    def get(self, key: str) -> bytes:
        """Return the whole value; raise `NotArchived` only when it is really not there."""
        path = self._path(key)
        with self._reading(key):
            return path.read_bytes()

    def pieces(self, key: str) -> Generator[bytes]:
        """Yield the value in pieces; raise as `get` does."""
        path = self._path(key)
        with self._reading(key), path.open("rb", buffering=0) as file:
            while piece := file.read(PIECE):
                yield piece

    def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        """Write the value; a reader sees the old bytes or the new ones."""
        path = self._path(key)
        with self._explained("write", key), self._temporary(data) as temporary:
            self._make_directory(path.parent)
            rename(temporary, path)
            sync(path.parent)

    def create(self, key: str, data: bytes | bytearray | memoryview) -> bool:
        """Write the value unless there is one, and say whether this call wrote it."""
        path = self._path(key)
        with self._explained("write", key), self._temporary(data) as temporary:
            self._make_directory(path.parent)
            try:
                os.link(temporary, path)
            except FileExistsError:
                # a network share repeats a request whose answer was lost, and then says this of our own link
                return temporary.stat().st_nlink > 1
            except OSError as error:
                if error.errno not in _NO_HARD_LINKS:
                    raise
                return self._create_locked(temporary, path)
            sync(path.parent)
            return True

    def list(self, prefix: str) -> Iterator[Entry]:
        """Give every entry whose key starts with `prefix`, in key order, but what vanishes meanwhile."""
        require_safe_prefix(prefix)
        return self._list(prefix.rpartition("/")[0], prefix, self._now())

    def head(self, key: str) -> Entry | None:
        """Return the entry under `key`, or None when there is none."""
        path = self._path(key)
        with self._explained("look at", key):
            there = found(path)
            return _entry(key, there, self._now()) if there and not stat.S_ISDIR(there.st_mode) else None

    def delete(self, key: str) -> None:
        """Remove the value, and no directory; no error when it is not there."""
        path = self._path(key)
        with self._explained("delete", key):
            if path.is_dir():
                return
            try:
                path.unlink()
            except OSError as error:
                if error.errno not in NO_FILE:
                    raise

    def check(self) -> None:
        """Make the directory if it is missing; raise unless this caller can write there."""
        with self._explained("write"):
            try:
                self._make_directory(self._root)
            except FileNotFoundError as error:  # what is above is there, and takes no directory: /proc and its like
                message = f"{self.location} can't be made: no directory can be there; use another path"
                raise ArchiveMisconfigured(message, location=self.location) from error
            with self._temporary(b"written and removed by a check"):
                pass

    def look(self) -> None:
        """Raise unless this caller may write to the directory, or make it where it is missing."""
        with self._explained("write"):
            there = next(path for path in (self._root, *self._root.parents) if path.exists())
            if not there.is_dir():
                raise _failed(errno.ENOTDIR)
            if not os.access(there, _ALL, effective_ids=os.access in os.supports_effective_ids):
                read_only = os.statvfs(there).f_flag & os.ST_RDONLY
                raise _failed(errno.EROFS if read_only else errno.EACCES)

    def probe(self) -> bool:
        """Tell whether there are hard links here; without them `create` relies on a lock, which hosts may not share."""
        with self._explained("write"), self._temporary(b"written and removed by a check") as temporary:
            other = temporary.with_name(secrets.token_hex(16))
            try:
                os.link(temporary, other)
            except OSError as error:
                if error.errno not in _NO_HARD_LINKS:
                    raise
                return False
            other.unlink()
            return True

    def look_before_create(self) -> None:
        """Change nothing: without hard links `create` looks first anyway."""

    def sweep_temporary(self, older_than: float) -> int:
        """Remove what writers that died have left unfinished, if it is older than so many seconds; say how many."""
        now, swept = self._now(), 0
        for one in self._scan(TEMPORARY):
            with self._explained("delete", f"{TEMPORARY}/{one.name}"), suppress(FileNotFoundError):
                if one.name != _LOCK and now - one.stat().st_mtime > older_than:
                    Path(one.path).unlink()
                    swept += 1
        return swept

    def _path(self, key: str) -> Path:
        require_safe_key(key)
        return self._root / key

    @contextmanager
    def _temporary(self, data: bytes | bytearray | memoryview) -> Iterator[Path]:
        """Give a file that is complete and on the disk but under no key; remove it after use."""
        path = self._root / TEMPORARY / secrets.token_hex(16)
        self._make_directory(path.parent)
        try:
            with path.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            self._give(path)
            yield path
        finally:
            path.unlink(missing_ok=True)

    def _create_locked(self, temporary: Path, path: Path) -> bool:
        """Do what a hard link does where there are none: name the file unless the name is taken."""
        # The kernel drops this lock when its holder dies, so no crash leaves a key that nobody can create.
        lock = temporary.with_name(_LOCK)
        with lock.open("ab") as file:
            self._give(lock)
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists():
                return False
            written = temporary.read_bytes()
            temporary.replace(path)
            sync(path.parent)
            # some shares keep a lock to the host that took it: another host may have replaced ours since
            return path.read_bytes() == written

    def _make_directory(self, path: Path) -> None:
        if path.is_dir():
            return
        self._make_directory(path.parent)
        try:
            path.mkdir()
        except FileExistsError:
            if not path.is_dir():
                raise
        else:
            self._give(path)
            sync(path.parent)

    def _give(self, path: Path) -> None:
        if self._owner is not None:
            os.chown(path, *self._owner)

    def _list(self, directory: str, prefix: str, now: float) -> Iterator[Entry]:
        for one in self._scan(directory):
            key = f"{directory}/{one.name}" if directory else one.name
            if not key.startswith(prefix) or key == TEMPORARY:
                continue
            if is_folder(one):
                yield from self._list(key, prefix, now)
                continue
            with self._explained("list", key):
                there = found(Path(one.path))
            if there:
                yield _entry(key, there, now)

    def _scan(self, directory: str) -> Sequence[os.DirEntry[str]]:
        with self._explained("list", directory):
            try:
                with os.scandir(self._root / directory) as entries:
                    return sorted(entries, key=_order)
            except OSError as error:
                if error.errno not in NO_FILE:
                    raise
                return []

    def _now(self) -> float:
        """Return the time by the clock that stamps the files here; on a network share it is not our own."""
        probe = self._root / TEMPORARY / secrets.token_hex(16)
        try:
            probe.touch(exist_ok=False)
        except OSError:  # a caller who may only read here, or comes before the first write: no better clock
            return time.time()
        try:
            return probe.stat().st_mtime
        finally:
            probe.unlink()

    @contextmanager
    def _reading(self, key: str) -> Iterator[None]:
        """Say that nothing is there where there is no file, and all else as `_explained` does."""
        with self._explained("read", key):
            try:
                yield
            except OSError as error:
                if error.errno not in NO_FILE:
                    raise
                raise NotArchived(f"{key} is not in {self.location}", key=key, location=self.location) from error

    @contextmanager
    def _explained(self, doing: str, key: str = "") -> Iterator[None]:
        """Turn what the operating system says into what it means for the archive."""
        try:
            yield
        except OSError as error:
            raise explanation(error, f"{doing} {key} in" if key else f"{doing} in", key, self.location) from error


def _failed(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _entry(key: str, there: os.stat_result, now: float) -> Entry:
    return Entry(key, there.st_size, max(0.0, now - there.st_mtime))


def _order(one: os.DirEntry[str]) -> str:
    # All that is below a directory sorts as if the '/' were part of its name: "a-b" comes before "a/b".
    return f"{one.name}/" if is_folder(one) else one.name
