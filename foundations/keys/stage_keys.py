"""The key under which a stage's result is cached: its code closure, its arguments, its environment."""

import codecs
import hashlib
import inspect
import locale
import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from types import CodeType
from typing import Any

from foundations.graph import Call, Upstream, filled_arguments
from foundations.identity import digest
from foundations.keys.closure import Closure, Closures
from foundations.keys.global_state import GlobalState
from foundations.keys.process_settings import SETTING
from foundations.keys.user_code import UserCode
from foundations.keys.values import NoStableIdentity, ValueDigest, value_digest
from foundations.outside import outside_code
from foundations.packages import installed_packages
from foundations.signature import signature_of

_SCHEME = "foundations-key/1"


class Uncacheable(Exception):
    """A stage can't be cached this time; the message says why, and what can be done."""


@dataclass(frozen=True)
class ContentOf:
    """Stands in an argument for a stage's result, and counts by the result's content; `stage` is for explanations."""

    digest: str
    stage: str = field(default="", compare=False)

    def __foundations_key__(self) -> str:
        return self.digest


@dataclass(frozen=True)
class StageKey:
    """What a call is cached under, and what that was made of.

    A result that came from code which the closure does not hold is cached under `coarse`: there the whole model
    directory counts.
    """

    fine: str
    closure: Closure
    arguments: Mapping[str, ValueDigest]
    make_coarse: Callable[[], str] = field(repr=False, compare=False)
    coarse_arguments: tuple[str, ...] = ()
    settings: Mapping[str, Any] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def coarse(self) -> str:
        """The key under which all code counts: made when it is asked for, since that code is read for it."""
        return self.make_coarse()

    @property
    def more_counts(self) -> tuple[str, ...]:
        """Why more counts than what the stage can reach, in its own code and in what its arguments run."""
        return tuple(dict.fromkeys([*self.closure.coarse, *self.coarse_arguments]))

    @property
    def names(self) -> tuple[str, str]:
        """Both keys, the better one first."""
        return self.fine, self.coarse

    @property
    def files(self) -> tuple[str, ...]:
        """The existing files and directories that arguments and constants name."""
        named = [file for one in self.arguments.values() for file in one.files]
        return tuple(dict.fromkeys([*named, *self.closure.files]))


class StageKeys:
    """Makes the keys of one job; what its environment adds to every key is worked out once."""

    def __init__(self, *, bundle: str, environment: str | None, root: Path, paths: Iterable[str]) -> None:
        self._bundle, self.environment, self._root = bundle, environment, root
        self._names: dict[str, str] = {}
        self.user_code = UserCode.of(root, list(paths))
        self._closures = Closures(self.user_code)
        self._globals: dict[int, GlobalState] = {}

    def prepare(self, calls: Iterable[Call]) -> None:
        """Look at the code of all stages that are cached, before one of them runs and changes what it finds."""
        for call in calls:
            self._names[call.id] = call.name
            if call.cached:
                closure = self._closures.of(call.function)
                if id(call.function) not in self._globals and closure.refused is None:
                    self._globals[id(call.function)] = GlobalState(closure, self._closures)

    def changed_global(self, call: Call) -> str | None:
        """Return the name of a global that a stage reaches and that is not what it was at `prepare`, or None."""
        state = self._globals.get(id(call.function))
        return state.changed() if state else None

    def closure(self, call: Call) -> Closure:
        """Return the code closure of a stage."""
        return self._closures.of(call.function)

    def of(self, call: Call, contents: Mapping[str, str | None], settings: Mapping[str, Any] | None = None) -> StageKey:
        """Return the key of a call; `contents` are the digests of the results of the stages that it takes.

        Positional, keyword and default spell the same key. `settings` are those of the process that other stages have
        changed before it. Raise `Uncacheable`.
        """
        caching, closure = call.caching, self._closures.of(call.function)
        if closure.refused:
            raise Uncacheable(closure.refused)
        reasons: list[str] = []
        code = self._closures.code_for(call.function, reasons)
        arguments = self._arguments(call, contents, code)
        if settings:
            arguments |= self._settings(settings, code)
        parts = [part for name, value in arguments.items() for part in (name, value.digest)]
        common = [self._surroundings, caching.version or "", *parts]
        fine = digest(_SCHEME, "closure", closure.digest, *common)

        def coarse() -> str:
            # all code says nothing of which of it the stage calls, nor of what is bound to that
            return digest(_SCHEME, "all code", self.all_code, closure.digest, *common)

        return StageKey(fine, closure, arguments, coarse, tuple(reasons), settings)

    def covered_by(self, values: Any) -> Callable[[CodeType], bool]:
        """Return what tells of a piece of code whether values hold it: their classes, functions, and all below."""
        subjects: dict[int, Any] = {}

        def code(subject: Any) -> bytes:
            subjects[id(subject)] = subject
            return b""

        with suppress(NoStableIdentity):
            value_digest(values, code=code)
        closures = [self._closures.below(subject) for subject in subjects.values()]
        return lambda one: any(closure.covers(one) for closure in closures)

    def content(self, call: Call, value: Any) -> str:
        """Return the digest by which a result counts where other stages take it; raise `Uncacheable`."""
        return self.result(call, value).digest

    def result(self, call: Call, value: Any) -> ValueDigest:
        """Return the same with the files that a result names."""
        try:
            return value_digest(value, code=self._closures.code, path=f"the result of {call.name}")
        except NoStableIdentity as error:
            raise Uncacheable(str(error)) from error

    def _arguments(
        self, call: Call, contents: Mapping[str, str | None], code: Callable[[Any], bytes]
    ) -> dict[str, ValueDigest]:
        ignored = call.caching.ignore

        def content(hole: Upstream) -> ContentOf:
            found = contents.get(hole.stage)
            if found is None:
                raise Uncacheable("it takes the result of a stage that has no stable identity")
            return ContentOf(found, self._names.get(hole.stage, ""))

        args, kwargs = filled_arguments(call.args, call.kwargs, Upstream, content)
        counted = [(name, value) for name, value in _named(call.function, args, kwargs) if name not in ignored]
        try:
            return {
                name: value_digest(_without(value, ignored) if name[:2] == "**" else value, code=code, path=name)
                for name, value in counted
            }
        except NoStableIdentity as error:
            raise Uncacheable(f"argument {error}") from error

    def _settings(self, settings: Mapping[str, Any], code: Callable[[Any], bytes]) -> dict[str, ValueDigest]:
        try:
            found = {name: value_digest(value, code=code, path=name) for name, value in settings.items()}
        except NoStableIdentity as error:
            raise Uncacheable(f"another stage has changed {error}") from error
        return {f"{SETTING}{name}": replace(one, files=()) for name, one in found.items()}

    @cached_property
    def all_code(self) -> str:
        """The digest of all code of the project, whether a stage can reach it or not."""
        return digest(self._bundle, *outside_code(self._root))

    @cached_property
    def _surroundings(self) -> str:
        found = sorted(package.name for package in installed_packages())
        facts = [platform.machine(), platform.system(), sys.implementation.name, sys.version, *_ways_of_python()]
        # the image's name stands for its base; what was installed into it may differ from one build to the next
        return hashlib.sha256("\n".join([self.environment or "", *facts, *found]).encode()).hexdigest()


def _ways_of_python() -> list[str]:
    """Return what options and variables of Python's own have made of it, as far as a result can show that."""
    flags, encoding = sys.flags, codecs.lookup(locale.getpreferredencoding(do_setlocale=False)).name
    modes = flags.optimize, flags.bytes_warning, flags.dev_mode, getattr(flags, "int_max_str_digits", None)
    return [str(modes), encoding, *sys.warnoptions]


def _without(surplus: Mapping[str, Any], ignored: Iterable[str]) -> dict[str, Any]:
    return {name: value for name, value in surplus.items() if name not in ignored}


def _named(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return arguments by name, defaults filled in; surplus ones stand together, in order, which is observable."""
    signature = signature_of(function)
    if signature is None:
        return [("*", args), ("**", kwargs)]
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    marks: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [(marks.get(signature.parameters[name].kind, "") + name, value) for name, value in bound.arguments.items()]
