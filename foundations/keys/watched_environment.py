"""What `os.environ` is asked for while a cached stage runs.

What C code reads by itself, as a library's `getenv`, is not seen.
"""

import hashlib
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from foundations.current import stage_here
from foundations.keys.attribution import active, mine, observe, remembering
from foundations.keys.live_record import LiveRecord

if TYPE_CHECKING:
    from types import FrameType

ALL = "*"

# left out where a stage asks for all variables at once: they tell of the terminal, the shell, the login and the job,
# and differ from one run to the next. One that is asked for by its name always counts.
_VOLATILE_NAMES = """
    _ COLUMNS COLORTERM DBUS_SESSION_BUS_ADDRESS DISPLAY GPG_TTY HOST HOSTNAME INVOCATION_ID JOURNAL_STREAM LINES
    LS_COLORS MAIL OLDPWD PPID PS1 PWD PYTHONHASHSEED SHELL SHLVL SSH_AGENT_PID SSH_AUTH_SOCK SSH_CLIENT SSH_CONNECTION
    SSH_TTY TEMP TERM TERM_PROGRAM TERM_PROGRAM_VERSION TERM_SESSION_ID TMP TMPDIR TMUX TMUX_PANE WAYLAND_DISPLAY
    WINDOWID XDG_RUNTIME_DIR XDG_SESSION_ID
"""
VOLATILE = frozenset(_VOLATILE_NAMES.split())
_VOLATILE_PREFIXES = ("FOUNDATIONS_", "VSCODE_", "PYCHARM_", "PYTEST_", "COV_CORE_")

# functions of the standard library that ask for these on their own account
_COLOURS = ("_colorize.can_colorize", "traceback._can_colorize")
_TRANSLATION = ("gettext.find",)
_TEMPORARY = ("tempfile._candidate_tempdir_list",)
_PLUMBING: dict[str, tuple[str, ...]] = {
    "PATH": ("os.get_exec_path",),
    **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), _TEMPORARY),
    **dict.fromkeys(("COLUMNS", "LINES"), ("shutil.get_terminal_size",)),
    **dict.fromkeys(("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"), _TRANSLATION),
    **dict.fromkeys(("NO_COLOR", "FORCE_COLOR", "PYTHON_COLORS", "TERM"), _COLOURS),
}
_ASKS_FOR_PROXIES = "urllib.request.getproxies_environment"
_PROXIES = tuple(f"{name}_proxy" for name in ("all", "ftp", "http", "https", "no", "ws", "wss"))
_MOST_FRAMES = 8

_Environ: Any = type(os.environ)
_METHODS = ("__getitem__", "__setitem__", "__delitem__", "__iter__", "__len__", "__repr__")
_plain: dict[str, Any] = {name: getattr(_Environ, name) for name in _METHODS}


def variable(name: str) -> str | None:
    """Return a variable's value, unseen."""
    try:
        value: str = _plain["__getitem__"](os.environ, name)
    except (KeyError, ValueError, TypeError):
        return None
    return value


def digest_of(value: str | None) -> str | None:
    """Return the digest by which a variable's value counts."""
    return None if value is None else hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()


def names_of_all() -> str:
    """Return the digest of which variables are set, without the volatile ones."""
    return hashlib.sha256("\0".join(sorted(_lasting())).encode("utf-8", "surrogatepass")).hexdigest()


def note_variables(record: LiveRecord, names: Iterable[str] | None) -> None:
    """Note variables that somebody asks for who does so unseen; None: all that there are."""
    if names is None:
        record.note("variables", ALL, names_of_all())
    for name in set(_lasting()) if names is None else names:
        if name not in record.asked:
            record.asked.add(name)
            record.note("variables", name, digest_of(variable(name)))


def watch_environment() -> None:
    """Let `os.environ` and `os.environb` tell what they are asked for; they stay the objects that they are."""
    _Environ.__getitem__, _Environ.__setitem__, _Environ.__delitem__ = _getitem, _setitem, _delitem
    _Environ.__iter__, _Environ.__len__, _Environ.__repr__ = _iter, _len, _repr


def unwatch_environment() -> None:
    """Take it back."""
    for name, method in _plain.items():
        setattr(_Environ, name, method)


def _getitem(self: Any, key: Any) -> Any:
    try:
        value = self._data[self.encodekey(key)]
    except KeyError:
        if active:
            observe(_asked, key, None)
        raise KeyError(key) from None
    value = self.decodevalue(value)
    if active:
        record = active.get(stage_here() or "")
        if record is None or remembering or key not in record.asked:
            observe(_asked, key, value)
    return value


def _setitem(self: Any, key: Any, value: Any) -> None:
    _plain["__setitem__"](self, key, value)
    if active:
        observe(_set, key)


def _delitem(self: Any, key: Any) -> None:
    _plain["__delitem__"](self, key)
    if active:
        observe(_set, key)


def _iter(self: Any) -> Iterator[Any]:
    if active:
        observe(_asked_for_all)
    return _plain["__iter__"](self)  # type: ignore[no-any-return]


def _len(self: Any) -> int:
    if active:
        observe(_asked_for_all)
    return len(self._data)


def _repr(self: Any) -> str:
    if active:
        observe(_asked_for_all)
    return _plain["__repr__"](self)  # type: ignore[no-any-return]


for _name, _method in zip(_METHODS, (_getitem, _setitem, _delitem, _iter, _len, _repr), strict=True):
    _method.__name__, _method.__qualname__, _method.__module__ = _name, f"_Environ.{_name}", "os"


def _asked(record: LiveRecord, key: str | bytes, value: str | bytes | None) -> None:
    name = _text(key)
    if name in mine.in_passing:
        mine.in_passing.discard(name)
    elif name not in record.asked and not (name in _PLUMBING and _is_asked_by(_PLUMBING[name])):
        record.asked.add(name)
        record.note("variables", name, digest_of(None if value is None else _text(value)))


def _set(record: LiveRecord, key: str | bytes) -> None:
    # what the stage has set itself is no input; what it had asked for before remains one
    record.asked.add(_text(key))


def _asked_for_all(record: LiveRecord) -> None:
    if _is_asked_by((_ASKS_FOR_PROXIES,)):
        counted = {name for one in _PROXIES for name in (one, one.upper())}
    else:
        counted = set(_lasting())
        record.note("variables", ALL, names_of_all())
    note_variables(record, counted)
    # their values are fetched one by one next, by those who want all of them
    mine.in_passing = {os.fsdecode(name) for name in os.environ._data} - counted  # type: ignore[attr-defined]


def _text(value: str | bytes) -> str:
    return os.fsdecode(value) if isinstance(value, bytes) else str.__str__(value)


def _lasting() -> Iterator[str]:
    for encoded in os.environ._data.copy():  # type: ignore[attr-defined]
        name = os.fsdecode(encoded)
        if name not in VOLATILE and not name.startswith(_VOLATILE_PREFIXES):
            yield name


def _is_asked_by(functions: tuple[str, ...]) -> bool:
    frame: FrameType | None = sys._getframe(1)
    for _ in range(_MOST_FRAMES):
        if frame is None:
            break
        if f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}" in functions:
            return True
        frame = frame.f_back
    return False
