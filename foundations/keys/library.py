"""Libraries, Python's own and installed ones: what is of them counts by its name, since the environment counts too."""

import sys
import types
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

from foundations.keys.reflection import looked_at_by
from foundations.keys.user_code import UserCode
from foundations.keys.watched_existence import unwrapped

_COMPILED = frozenset({"cython_function_or_method", "fused_cython_function"})
_HEAP_TYPE = 1 << 9
_DESCRIPTORS = (
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
)
_RUNS_ANYTHING = "which can run code that it does not name"
_LOADS_ANYTHING = "which can make objects of any class"
_SEES_ANYTHING = "by which it can get at any code"
_RUNNING = """
builtins.eval builtins.exec builtins.compile builtins.__import__ importlib.import_module importlib.reload
importlib.__import__ importlib._bootstrap.__import__ importlib._bootstrap._gcd_import
importlib.util.module_from_spec importlib._bootstrap.module_from_spec importlib.util.spec_from_file_location
importlib._bootstrap_external.spec_from_file_location importlib.metadata.entry_points importlib.util.find_spec
runpy.run_path runpy.run_module pkgutil.iter_modules pkgutil.walk_packages pkgutil.resolve_name pydoc.locate
pydoc.safeimport code.interact hydra.utils.instantiate hydra._internal.instantiate._instantiate2.instantiate
unittest.mock.patch unittest.mock._patch timeit.timeit timeit.repeat importlib.machinery.SourceFileLoader
imp.load_source cProfile.run cProfile.runctx profile.run profile.runctx
"""
_LOADING = """
pickle.load pickle.loads _pickle.load _pickle.loads pickle._load pickle._loads _pickle.Unpickler pickle.Unpickler
pickle._Unpickler cloudpickle.load cloudpickle.loads dill.load dill.loads dill._dill.load dill._dill.loads
joblib.load joblib.numpy_pickle.load torch.load torch.serialization.load pandas.read_pickle
pandas.io.pickle.read_pickle shelve.open yaml.load yaml.unsafe_load yaml.full_load jsonpickle.decode
jsonpickle.unpickler.decode marshal.loads marshal.load
"""
_SEEING = """
sys.modules sys._getframe sys._current_frames inspect.currentframe inspect.stack inspect.getmodule gc.get_objects
gc.get_referrers sys.meta_path sys.path_hooks
"""
_NEEDS_ALL = {
    **dict.fromkeys(
        _RUNNING.split(),
        _RUNS_ANYTHING,
    ),
    **dict.fromkeys(
        _LOADING.split(),
        _LOADS_ANYTHING,
    ),
    **dict.fromkeys(
        _SEEING.split(),
        _SEES_ANYTHING,
    ),
}
_NEEDS_DATA = frozenset({"pkgutil.get_data"})
_NEEDS_DATA_IN = ("importlib.resources.", "importlib_resources.")
_C_READERS = "polars pyarrow duckdb fastparquet lance deltalake datasets cudf daft datafusion chdb vaex tensorflow cv2"
_READ_IN_C = frozenset(_C_READERS.split())
_READ_FOLDERS = frozenset({"read_parquet", "read_feather", "read_orc"})
_ANY_OF = frozenset({"importlib", "runpy", "pydoc", "builtins", "imp", "gc"})


def is_a(value: Any, *kinds: type) -> bool:
    """Tell whether a value is of one of some types, without asking what it says of itself."""
    return issubclass(type(value), kinds)


class Use(NamedTuple):
    """What has to be said of code that uses something of a library's: what that looks at, and what counts for it."""

    looks_at: str | None
    all_code: str | None
    data_files: bool
    reads_unseen: bool


@lru_cache(maxsize=10_000)
def use_of(name: str) -> Use:
    """Return what using what a library calls `name` means."""
    return Use(looked_at_by(name), needs_all(name), needs_data(name), reads_unseen(name))


def needs_all(name: str) -> str | None:
    """Return why everything counts for code that uses what a library calls `name`, or None."""
    return _NEEDS_ALL.get(name) or (_RUNS_ANYTHING if name in _ANY_OF else None)


def needs_data(name: str) -> bool:
    """Tell whether what a library calls `name` reads files of the model directory by where the code is."""
    return name in _NEEDS_DATA or name.startswith(_NEEDS_DATA_IN)


def reads_unseen(name: str) -> bool:
    """Tell whether what a library calls `name` may open, in C, the files of a folder or those that fit a pattern."""
    return name.partition(".")[0] in _READ_IN_C or name.rpartition(".")[2] in _READ_FOLDERS


def library_name(value: Any, code: UserCode) -> str | None:
    """Return the name by which a function, a class or a module of a library is found, None for all others."""
    if type(value) is types.FunctionType:
        value = unwrapped(value)
    if (shared := _of_shared(value, code)) is not None:
        return shared
    if is_a(value, types.ModuleType):
        return None if code.owns_module(value.__name__) else value.__name__
    if is_a(value, types.FunctionType):
        return _of_function(value, code)
    if is_a(value, type):
        return _of_class(value, code)
    if is_a(value, types.BuiltinFunctionType):
        return _of_builtin(value, code)
    if is_a(value, *_DESCRIPTORS):
        owner = value.__objclass__
        if code.owns_module(owner.__module__):
            return f"slot {value.__name__}"
        return f"{owner.__module__}.{owner.__qualname__}.{value.__name__}"
    if is_compiled(value) and not code.owns_module(value.__module__):
        return f"{value.__module__}.{value.__qualname__}"
    return None


def _of_shared(value: Any, code: UserCode) -> str | None:
    """Return the name of a method that a library hands out as a function of a module, such as `random.random`.

    The object behind it is the library's own; what it draws or counts is no more an input than the clock is.
    """
    if not is_a(value, types.MethodType, types.BuiltinMethodType) or is_a(value.__self__, types.ModuleType):
        return None
    module, name = sys.modules.get(type(value.__self__).__module__), value.__name__
    if module is None or code.owns_module(module.__name__) or vars(module).get(name) is not value:
        return None
    return f"{module.__name__}.{name}"


def is_compiled(value: Any) -> bool:
    """Tell whether a value is a function that Cython has compiled."""
    return type(value).__name__ in _COMPILED


def owns_function(function: types.FunctionType, code: UserCode) -> bool:
    """Tell whether a function is the user's; what was generated belongs to where its globals do."""
    file = function.__code__.co_filename
    module = function.__globals__.get("__name__")
    return code.owns_module(module) if file.startswith("<") else code.owns(file)


def _of_function(function: types.FunctionType, code: UserCode) -> str | None:
    if owns_function(function, code):
        return None
    module = str(function.__globals__.get("__name__"))
    name = getattr(function.__code__, "co_qualname", function.__code__.co_name)
    for candidate in (name, function.__qualname__):
        if _found(module, candidate) is function:
            return f"{module}.{candidate}"
    return None


def _of_class(cls: type, code: UserCode) -> str | None:
    module, name = str(type.__getattribute__(cls, "__module__")), type.__getattribute__(cls, "__qualname__")
    flags = type.__dict__["__flags__"].__get__(cls)
    if code.owns_module(module):
        return None
    if not flags & _HEAP_TYPE or _found(module, name) is cls:
        return f"{module}.{name}"
    # what a library makes of what a user says, as make_dataclass, has a library's module and is not found there
    return None


def _of_builtin(value: types.BuiltinFunctionType, code: UserCode) -> str | None:
    owner = value.__self__
    if owner is not None and not isinstance(owner, types.ModuleType):
        return None
    module = value.__module__ or getattr(owner, "__name__", "builtins")
    return None if code.owns_module(module) else f"{module}.{value.__qualname__}"


def _found(module: str, name: str) -> Any:
    try:
        return attrgetter(name)(sys.modules[module])
    except (AttributeError, KeyError):
        return None
    except Exception:  # noqa: BLE001 - what a class or a module does when it is asked for a name is its own affair
        return None
