"""What a process is set to, beside what variables hold: settings by which one stage can reach into another unseen.

They are looked at before and after each cached stage, so that has to be quick; libraries are asked only where they are
imported. Filters of warnings and loggers are let be: they decide what is said and not what comes out, and much code
sets them in passing.
"""

import locale
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# before the name of one that stands among the arguments of a key
SETTING = "setting "

# what libraries are set to when they are imported
_DECIMAL = (28, "ROUND_HALF_EVEN", -999999, 999999, 1, 0, ("InvalidOperation", "DivisionByZero", "Overflow"))
_NUMPY_ERRORS = (("divide", "warn"), ("over", "warn"), ("under", "ignore"), ("invalid", "warn"))
_NUMPY_PRINT = (
    ("edgeitems", 3), ("threshold", 1000), ("floatmode", "maxprec"), ("precision", 8), ("suppress", False),
    ("linewidth", 75), ("nanstr", "nan"), ("infstr", "inf"), ("sign", "-"), ("formatter", None), ("legacy", False),
)  # fmt: skip
_PANDAS = "pandas._config.config"
_TORCH = ("get_default_dtype", "is_grad_enabled", "are_deterministic_algorithms_enabled")
_TORCH_AS_IT_COMES = ("torch.float32", "True", "False")
_AT_IMPORT = "set it where a module is imported"


@dataclass(frozen=True)
class Setting:
    """One kind of setting: how to look at it, how what is found reads by name, and what to do instead of setting it.

    `words` are those by which code sets it. Those that `libraries_set` they set when they are imported, or for a while;
    `by_words_only` is what can't be looked at quickly, and only is where code has such a word.
    """

    name: str
    look: Callable[[], Any]
    instead: str = _AT_IMPORT
    named: Callable[[Any], Mapping[str, Any]] | None = None
    words: frozenset[str] = frozenset()
    libraries_set: bool = False
    by_words_only: bool = False

    def by_name(self, found: Any) -> Mapping[str, Any]:
        """Return what was found, by names for people."""
        return {self.name: found} if self.named is None else self.named(found)


def _decimal() -> Any:
    decimal = sys.modules.get("decimal")
    if decimal is None:
        return _DECIMAL
    reduced: Any = decimal.getcontext().__reduce__()
    *parts, _, traps = reduced[1]  # but for the flags, which every rounding sets
    return (*parts, tuple(trap.__name__ for trap in traps))


def _numpy_errors() -> Any:
    numpy = sys.modules.get("numpy")
    return tuple(numpy.geterr().items()) if numpy is not None else _NUMPY_ERRORS


def _numpy_print() -> Any:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return _NUMPY_PRINT
    found = numpy.get_printoptions()
    return tuple((name, found.get(name, value)) for name, value in _NUMPY_PRINT)


def _pandas() -> Any:
    config: Any = sys.modules.get(_PANDAS)
    return [group[key] for _, group, key in _pandas_options(config)] if config is not None else []


def _pandas_named(found: Any) -> Mapping[str, Any]:
    config: Any = sys.modules.get(_PANDAS)
    if config is None:
        return {}
    named = {name: option.defval for name, option in config._registered_options.items()}
    named |= {name: value for (name, _, _), value in zip(_pandas_options(config), found, strict=False)}
    return {f"the pandas option {name}": value for name, value in named.items()}


def _pandas_options(config: Any) -> list[tuple[str, dict[str, Any], str]]:
    """Return the names of all options, and where pandas keeps their values; new ones come last."""
    for name in list(config._registered_options)[len(_known_options) :]:
        *groups, key = name.split(".")
        group = config._global_config
        for one in groups:
            group = group[one]
        _known_options.append((name, group, key))
    return _known_options


_known_options: list[tuple[str, dict[str, Any], str]] = []


def _torch() -> Any:
    torch = sys.modules.get("torch")
    return tuple(str(getattr(torch, name)()) for name in _TORCH) if torch is not None else _TORCH_AS_IT_COMES


def _folder() -> Any:
    try:
        return os.getcwd()
    except OSError:  # it is gone
        return None


def _umask() -> Any:
    try:
        with open("/proc/self/status") as status:
            return next((line.split()[1] for line in status if line.startswith("Umask:")), None)
    except OSError:  # a system that tells it only to who sets it
        return None


def _limits() -> Any:
    digits = getattr(sys, "get_int_max_str_digits", None)  # of Python 3.11, and of the last ones before
    return sys.getrecursionlimit(), digits() if digits is not None else None


SETTINGS = (
    Setting("the context of decimal", _decimal, "set it for a while, with decimal.localcontext()"),
    Setting("the error handling of NumPy", _numpy_errors, "set it for a while, with numpy.errstate(...)"),
    Setting("the print options of NumPy", _numpy_print, "set them for a while, with numpy.printoptions(...)"),
    Setting("options of pandas", _pandas, "set it for a while, with pandas.option_context(...)", _pandas_named),
    Setting("the settings of torch", _torch),
    Setting("the working directory", _folder, "give the path to what needs it"),
    Setting(
        "sys.path",
        lambda: tuple(sys.path),
        words=frozenset({"path", "addsitedir"}),
        libraries_set=True,
    ),
    Setting("the locale", lambda: locale.setlocale(locale.LC_ALL)),
    Setting("the time zone", lambda: (time.tzname, time.timezone, time.altzone)),
    Setting("the file mode mask", _umask, words=frozenset({"umask"}), by_words_only=True),
    Setting("the limits of Python", _limits),
)
