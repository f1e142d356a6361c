"""The types of values that have no stable identity, and why, by name: nothing is imported to recognise them."""

import io
import types

_IN_MEMORY = (io.BytesIO, io.StringIO)
_ITERATOR = "it is an iterator, whose position can't be told without using it up"
_WHY = {
    "a running piece of code": "builtins.generator builtins.coroutine builtins.async_generator builtins.frame "
    "builtins.coroutine_wrapper builtins.async_generator_asend _asyncio.Task _asyncio.Future asyncio.tasks.Task "
    "asyncio.futures.Future concurrent.futures._base.Future concurrent.futures._base.Executor threading.Thread "
    "multiprocessing.process.BaseProcess subprocess.Popen asyncio.events.AbstractEventLoop builtins.traceback "
    "multiprocessing.pool.Pool",
    "a lock, or what threads share": "_thread.lock _thread.RLock threading._RLock threading.Condition "
    "threading.Event threading.Semaphore threading.Barrier _thread._local _threading_local.local "
    "_thread._ThreadHandle queue.Queue _queue.SimpleQueue asyncio.mixins._LoopBoundMixin",
    "a reference that keeps nothing alive": "weakref.ReferenceType builtins.weakref builtins.weakproxy "
    "builtins.weakcallableproxy weakref.ProxyType weakref.CallableProxyType weakref.finalize "
    "weakref.WeakValueDictionary weakref.WeakKeyDictionary _weakrefset.WeakSet",
    "an address in memory": "_ctypes._Pointer _ctypes.CFuncPtr _ctypes._CFuncPtr ctypes.CDLL ctypes.LibraryLoader "
    "ctypes.c_void_p ctypes.c_char_p ctypes.c_wchar_p builtins.PyCapsule _cffi_backend.FFI _cffi_backend.CData "
    "_cffi_backend._CDataBase",
    "a file, or what the system keeps open": "_io._IOBase mmap.mmap tempfile._TemporaryFileWrapper "
    "tempfile.SpooledTemporaryFile tempfile.TemporaryDirectory zipfile.ZipFile tarfile.TarFile "
    "posix.ScandirIterator posix.DirEntry select.epoll select.poll shelve.Shelf dbm.dumb._Database "
    "multiprocessing.shared_memory.SharedMemory logging.Handler",
    "a connection": "_socket.socket socket.socket ssl.SSLSocket _ssl._SSLSocket ssl.SSLContext _ssl._SSLContext "
    "sqlite3.Connection sqlite3.Cursor sqlite3.Blob multiprocessing.connection._ConnectionBase "
    "http.client.HTTPConnection smtplib.SMTP ftplib.FTP imaplib.IMAP4",
    "a part of the interpreter's state": "_contextvars.Context _contextvars.ContextVar _contextvars.Token "
    "builtins.Context builtins.ContextVar builtins.Token builtins.cell",
}
_NAMES = {name: f"it is {why}" for why, names in _WHY.items() for name in names.split()}


def why_refused(kind: type) -> str | None:
    """Return why values of a type have no stable identity, or None for a type that is not known to be so."""
    if issubclass(kind, _IN_MEMORY):
        return None
    if kind is object:
        return "it is a bare object(), which differs from others by its address alone"
    lineage = kind.__mro__
    for one in lineage:
        why = _NAMES.get(f"{one.__module__}.{one.__qualname__}")
        if why is not None:
            return why
    if any(one is io.IOBase for one in lineage):
        return _NAMES["_io._IOBase"]
    return _ITERATOR if _is_iterator_of_c(lineage) else None


def _is_iterator_of_c(lineage: tuple[type, ...]) -> bool:
    # one that is written in Python has its position in its state
    step = next((one.__dict__["__next__"] for one in lineage if "__next__" in one.__dict__), None)
    return isinstance(step, types.WrapperDescriptorType)
