"""What the names in a piece of code stand for, through modules to what is in them."""

import builtins
import re
import sys
import types
from collections.abc import Iterable, Mapping
from typing import Any

from foundations.keys.bytecode import Instruction
from foundations.keys.flow import Mark
from foundations.keys.library import is_a
from foundations.keys.making import Stream
from foundations.keys.modules import MISSING, Module, Unloaded, attribute
from foundations.keys.nodes import Node
from foundations.keys.reach import Reach, Reference
from foundations.keys.reflection import IDENTITY, NAMES, looked_at

_IN_QUERY = re.compile(r"@([A-Za-z_]\w*)")
_OF_MODULE = frozenset({"__name__", "__package__", "__cached__"})
# what leads to code that nothing names
_REACHES_ALL = frozenset(
    {"__subclasses__", "__globals__", "f_globals", "f_back", "f_locals", "__builtins__", "allow_pickle"}
)
_OF_FILE = frozenset({"__file__", "__path__", "__spec__", "__loader__"})
_OF_ALL_MODULES = frozenset(dir(types.ModuleType)) - {"__doc__", "__dict__"}
_DOTTED = re.compile(r"([A-Za-z_]\w*)((?:[.:][A-Za-z_]\w*)+)")
_SETS = frozenset({"STORE_ATTR", "DELETE_ATTR"})


class NameReader:
    """Adds what names stand for to a node's children, and words for them to its text."""

    def __init__(self, reach: Reach, node: Node, namespace: Mapping[str, Any]) -> None:
        self.words: list[str] = []
        self.looks: set[str] = set()
        self._reach, self._node, self._namespace = reach, node, namespace
        self._where = str(namespace.get("__name__", "__main__"))

    def global_name(self, stream: Stream, place: int, one: Instruction) -> int:
        """Add the global or builtin that an instruction loads, and return the place behind all that belongs to it."""
        name = str(one.argument)
        if name in _OF_MODULE or name in _OF_FILE:
            self._of_module(name)
            return place + 1
        if name in self._namespace:
            return self.follow(stream, place, self._namespace[name], f"{self._where}.{name}")
        found = self._builtin(name)
        if found is MISSING:
            self.words.append(f"missing {name}")
            return place + 1
        if name == "globals":
            self._sees_globals(stream, place)
        self.look(name)
        self._add(self._reach.refer_library(self._node, f"builtins.{name}", found))
        return place + 1

    def follow(self, stream: Stream, place: int, value: Any, name: str) -> int:
        """Add a value that the instruction at `place` loads, or what is taken out of it where it is a module.

        Return the place behind all that belongs to it.
        """
        module: Module | None = None
        taken = ""
        while is_a(value, types.ModuleType, Unloaded) and self._takes(stream, _behind(stream, place)):
            after = _behind(stream, place)
            self.words += [one.text for one in stream[place + 1 : after] if isinstance(one, Mark)]
            place = after
            module, taken = value, str(getattr(stream[place], "argument", ""))
            value = attribute(module, taken, self._reach.code)
            self.look(taken)
        if module is None:
            self._add_value(stream, place, value, name)
        else:
            self.taken(stream, place, module, taken, value)
        return place + 1

    def taken(self, stream: Stream, place: int, module: Module, name: str, value: Any) -> None:
        """Add what is taken out of a module by its name."""
        whole = f"{_name(module)}.{name}"
        if is_a(value, types.ModuleType, Unloaded):
            self._add_value(stream, place, value, whole)
        elif isinstance(module, Unloaded) and module.file is not None:
            self._add(self._reach.refer_inside(self._node, module, name))
        elif isinstance(module, Unloaded) or not self._reach.code.owns_module(module.__name__):
            self._add(self._reach.refer_library(self._node, whole, value))
        elif value is MISSING:
            self._not_there(module, name)
        else:
            self._add(self._reach.refer_named(self._node, value, whole))

    def module_itself(self, module: Module) -> None:
        """Add a whole module."""
        self._add_value((), 0, module, _name(module))

    def in_texts(self, texts: Iterable[str]) -> None:
        """Add the globals that texts name as pandas' queries do: `size > @limit`."""
        for name in (name for text in texts for name in _IN_QUERY.findall(text)):
            if name in self._namespace:
                self.words.append(f"@{name}")
                self._add(self._reach.refer_named(self._node, self._namespace[name], f"{self._where}.{name}"))

    def queries(self) -> None:
        """Add all that a query may name of the module, whose text is not known."""
        if "pandas" in sys.modules:
            self._all_globals("makes a query of a text that is not written in it")

    def named(self, text: str) -> None:
        """Add the function or class that a text names with its module: libraries import what they are told."""
        match = _DOTTED.fullmatch(text) if "." in text or ":" in text else None
        if match is None or match[1] not in sys.modules or not self._reach.code.owns_module(match[1]):
            return
        found: Any = sys.modules[match[1]]
        for name in re.split("[.:]", match[2][1:]):
            found = vars(found).get(name) if is_a(found, types.ModuleType, type) else None
        if is_a(found, types.FunctionType, type):
            self._node.children.append(self._reach.refer_named(self._node, found, text))

    def compared(self, found: Reference) -> None:
        """Take note that a value is compared with others; classes are told apart by their names anyway."""
        if isinstance(found, Node) and found.kind in ("function", "data"):
            self.looks |= {IDENTITY, NAMES}

    def look(self, word: str) -> None:
        """Take note of what code looks at that mentions a word."""
        if word in _REACHES_ALL:
            self._node.explain(f"{self._node.name} uses {word}, so all code of the model directory counts")
            self._node.children.append(self._reach.refer_everything())
        what = looked_at(word)
        if what is not None:
            self.looks.add(what)

    def refuse(self, why: str) -> None:
        """Say why nothing that reaches this code can be cached."""
        self._node.refuse(f"{self._node.name} {why}; pass what changes as an argument, and return it")

    def _add(self, found: Reference) -> None:
        self._node.children.append(found)
        self.words.append("@")

    def _add_value(self, stream: Stream, place: int, value: Any, name: str) -> None:
        if not is_a(value, types.ModuleType, Unloaded):
            self._add(self._reach.refer_named(self._node, value, name))
            return
        is_users = value.file is not None if isinstance(value, Unloaded) else self._reach.code.owns_module(_name(value))
        if not is_users:
            self._add(self._reach.refer_library(self._node, _name(value), value))
            return
        behind = _behind(stream, place)
        after = stream[behind] if behind < len(stream) else None
        if isinstance(after, Instruction) and after.op in _SETS:
            self.refuse(f"sets {_name(value)}.{after.argument}, which other stages would then find changed")
        else:
            self._node.explain(
                f"{self._node.name} uses the module {_name(value)} as a value, so everything in it counts"
            )
        if isinstance(value, Unloaded):
            self._add(self._reach.refer_inside(self._node, value, None))
        else:
            self._add(self._reach.refer(self._node, value, _name(value)))

    def _takes(self, stream: Stream, place: int) -> bool:
        one = stream[place] if place < len(stream) else None
        return isinstance(one, Instruction) and one.op == "LOAD_ATTR" and one.argument != "__dict__"

    def _not_there(self, module: types.ModuleType, name: str) -> None:
        self.words.append(f"missing .{name}")
        if name in _OF_ALL_MODULES:  # such as __getattribute__, by which one gets at anything in there
            self.module_itself(module)
        makes = vars(module).get("__getattr__")
        if makes is not None:
            self._add(self._reach.refer_named(self._node, makes, f"{module.__name__}.__getattr__"))

    def _of_module(self, name: str) -> None:
        self.words.append(name)
        if name in _OF_FILE:
            self._node.children.append(self._reach.refer_data_files())

    def _builtin(self, name: str) -> Any:
        found = self._namespace.get("__builtins__", builtins)
        names = found if isinstance(found, dict) else vars(found)
        return names.get(name, MISSING)

    def _sees_globals(self, stream: Stream, place: int) -> None:
        if _stores_item(stream, place):
            self.refuse("sets a global through globals(), which other stages would then find changed")
        else:
            self._all_globals("calls globals()")

    def _all_globals(self, why: str) -> None:
        module = sys.modules.get(self._where)
        if module is not None and vars(module) is self._namespace:
            self._node.explain(f"{self._node.name} {why}, so everything in {self._where} counts")
            self._add(self._reach.refer(self._node, module, self._where))
        else:
            self._node.explain(f"{self._node.name} {why}, so all code of the model directory counts")
            self._node.children.append(self._reach.refer_everything())


def _behind(stream: Stream, place: int) -> int:
    """Return the place of the next instruction; where a `try` begins or ends may stand between."""
    place += 1
    while place < len(stream) and isinstance(one := stream[place], Mark) and one.is_about_errors:
        place += 1
    return place


def _stores_item(stream: Stream, place: int) -> bool:
    ahead = stream[place + 1 : place + 6]
    names = [
        one.op for one in ahead if isinstance(one, Instruction) and one.op not in ("PRECALL", "CALL", "CALL_FUNCTION")
    ]
    return names[1:2] == ["STORE_SUBSCR"]


def _name(module: Module) -> str:
    return module.name if isinstance(module, Unloaded) else module.__name__
