"""Instances of any class, one level deep: by the class and by what pickling would keep of them, never by its bytes."""

import copyreg
import sys
from collections import OrderedDict
from itertools import chain
from operator import attrgetter
from typing import Any

from foundations.keys.containers import item_step
from foundations.keys.no_identity import Refused, said
from foundations.keys.value_parts import Parts, named, spelled

_PROTOCOL = 4
_LONGEST = 6
_LIBRARIES_OF_NAMES = ("numpy", "scipy.special")
_USUAL = (copyreg.__newobj__, copyreg.__newobj_ex__, copyreg._reconstructor)  # type: ignore[attr-defined]


def object_parts(value: Any) -> Parts:
    """Return the parts of an instance; raise `Refused` where it can't be taken apart."""
    reduced = _reduced(value)
    if isinstance(reduced, str):
        return _by_name(value, reduced)
    if not isinstance(reduced, tuple) or not 2 <= len(reduced) <= _LONGEST or not isinstance(reduced[1], tuple):
        raise Refused("its __reduce_ex__ returns something else than pickling knows")
    all_of_them: list[Any] = list(reduced) + [None] * (_LONGEST - len(reduced))
    make, arguments, state, items, pairs, setter = all_of_them
    collected = _Collected()
    collected.add("", type(value))
    _add_maker(collected, make, arguments)
    _add_state(type(value), collected, state)
    collected.add("", setter)
    _add_forgotten(value, collected, state)
    _add_items(value, collected, items, pairs)
    return collected.parts()


def attributes_of(value: Any) -> dict[str, Any]:
    """Return the attributes that an instance holds itself, in `__dict__` and in slots."""
    held = getattr(value, "__dict__", None)
    found = dict(held) if isinstance(held, dict) else {}
    for name in copyreg._slotnames(type(value)):  # type: ignore[attr-defined]
        try:
            found[name] = getattr(value, name)
        except AttributeError:  # it has no value
            continue
    return found


class _Collected:
    """Children, the steps to them, and words that say where each belongs."""

    def __init__(self) -> None:
        self._children: list[Any] = []
        self._steps: list[str] = []
        self._words: list[str] = []
        self._items: list[Any] = []
        self._pairs: list[Any] = []

    def add(self, step: str, child: Any) -> None:
        """Add a child."""
        self._steps.append(step)
        self._children.append(child)

    def say(self, *words: str) -> None:
        """Add words that count."""
        self._words += words

    def hold(self, items: list[Any] | None, pairs: list[Any] | None) -> None:
        """Add what a list and a dict hold beside their attributes."""
        self.say(*("-" if one is None else str(len(one)) for one in (items, pairs)))
        self._items, self._pairs = items or [], pairs or []

    def parts(self) -> Parts:
        """Return the parts of it all."""
        return Parts("object", spelled(self._words), [*self._children, *self._items, *self._pairs], self._step)

    def _step(self, place: int) -> str:
        if place < len(self._steps):
            return self._steps[place]
        place -= len(self._steps)
        return f"[{place}]" if place < len(self._items) else item_step(self._pairs)(place - len(self._items))


def _reduced(value: Any) -> Any:
    kind = type(value)
    try:
        registered = copyreg.dispatch_table.get(kind)
    except Exception:  # noqa: BLE001 - a metaclass whose classes can't be hashed
        registered = None
    try:
        return registered(value) if registered is not None else kind.__reduce_ex__(value, _PROTOCOL)  # type: ignore[call-arg]
    except Exception as error:
        raise Refused(f"its parts can't be told ({said(error)})") from error


def _by_name(value: Any, name: str) -> Parts:
    """Return the parts of what pickling keeps as a module and a name in it."""
    kind = type(value)
    modules = (getattr(value, "__module__", None), kind.__module__, *_LIBRARIES_OF_NAMES)
    for module in modules:
        if isinstance(module, str) and _found(module, name) is value:
            held = attributes_of(value)
            # its name is not what it holds, where somebody can change that
            return Parts(
                "global",
                spelled([module, name, *held]),
                [kind, *held.values()],
                named("", *(f".{one}" for one in held)),
            )
    raise Refused(f"it is known by the name {name!r}, under which it is not found")


def _found(module: str, name: str) -> Any:
    try:
        return attrgetter(name)(sys.modules[module])
    except (AttributeError, KeyError):
        return None


def _add_maker(collected: _Collected, make: Any, arguments: tuple[Any, ...]) -> None:
    if any(make is one for one in _USUAL):
        collected.say(make.__name__, str(len(arguments)))
    else:
        collected.say("", str(len(arguments)))
        collected.add("", make)
    for place, argument in enumerate(arguments):
        collected.add(f".<argument {place}>", argument)


def _add_state(kind: type, collected: _Collected, state: Any) -> None:
    both = state if type(state) is tuple and len(state) == 2 else (state, None)
    fields = getattr(kind, "__dataclass_fields__", None)
    if type(state) is list and isinstance(fields, dict) and len(state) == len(fields):  # a frozen one with slots
        collected.say("fields")
        for name, field in zip(fields, state, strict=True):
            collected.add(f".{name}", field)
    elif all(one is None or _has_names(one) for one in both):
        collected.say("attributes" if both is not state else "attributes and slots")
        for one in both:
            _add_attributes(collected, one)
    else:
        collected.say("state")
        collected.add(".<state>", state)


def _add_forgotten(value: Any, collected: _Collected, state: Any) -> None:
    """Add attributes that a subclass of a type of the standard library has, and that type's pickle does not know of."""
    kind = type(value)
    owner = next((one for one in kind.__mro__ if "__reduce__" in vars(one) or "__reduce_ex__" in vars(one)), object)
    held = getattr(value, "__dict__", None)
    if not held or type(held) is not dict or (type(state) is dict and held.keys() <= state.keys()):
        return
    if owner is not object and _is_standard(owner) and not _is_standard(kind):
        collected.say("forgotten")
        _add_attributes(collected, held)


def _is_standard(kind: type) -> bool:
    return str(kind.__module__).partition(".")[0] in sys.stdlib_module_names


def _has_names(state: Any) -> bool:
    return type(state) is dict and all(type(name) is str for name in state)


def _add_attributes(collected: _Collected, held: dict[str, Any] | None) -> None:
    collected.say("-" if held is None else str(len(held)))
    for name, attribute in (held or {}).items():
        collected.say(name)
        if name == "__dict__" and _has_names(attribute):  # as pydantic has it
            _add_attributes(collected, attribute)
        else:
            collected.add(f".{name}", attribute)


def _add_items(value: Any, collected: _Collected, items: Any, pairs: Any) -> None:
    try:
        collected.hold(_listed(value, items), _paired(value, pairs))
    except Exception as error:
        raise Refused(f"its items can't be told ({said(error)})") from error


def _listed(value: Any, items: Any) -> list[Any] | None:
    if items is None:
        return None
    return list(list.__iter__(value) if issubclass(type(value), list) else items)


def _paired(value: Any, pairs: Any) -> list[Any] | None:
    if pairs is None:
        return None
    kind = type(value)
    if issubclass(kind, dict):  # what a subclass says of its items may be less than it holds
        pairs = (OrderedDict if issubclass(kind, OrderedDict) else dict).items(value)
    return list(chain.from_iterable(pairs))
