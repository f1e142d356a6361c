"""What a function's bytecode says, normalised, with what every name in it stands for at this moment."""

import inspect
import itertools
import types
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from foundations.keys import bytecode
from foundations.keys.bytecode import Instruction
from foundations.keys.constants import constant_text, texts_in
from foundations.keys.flow import Mark
from foundations.keys.imports import STORES, Import, imports_in
from foundations.keys.making import Stream, makings_in
from foundations.keys.modules import Module, Unloaded, module_named, parents
from foundations.keys.name_reader import NameReader
from foundations.keys.nodes import Node, of_text
from foundations.keys.reach import Reach

_FLAGS = 0x04 | 0x08 | 0x20 | 0x80 | 0x100 | 0x200  # *args, **kwargs, generators and coroutines
# what a class body says of itself
_OF_CLASS_BODY = frozenset({"__doc__", "__qualname__", "__firstlineno__", "__static_attributes__"})
_NAMES_OF_CLASS = frozenset({"__name__", "__qualname__", "__module__"})
_QUERIES = frozenset({"query", "eval"})  # of frames, whose texts may name globals
_CALLS = ("CALL", "PRECALL")
_OBJECTS = ("self", "instance")  # what holds attributes in the order in which they were set, and is no class
_FOLLOWED = frozenset({"STORE_FAST", "STORE_DEREF"})
# with these, names of local variables can be seen
_SEE_LOCALS = frozenset({"eval", "exec", "locals", "vars", "dir", "query", "_getframe", "currentframe", "stack"})

Handle = Callable[["CodeReader", "_Scope", int, Instruction], int]


class _Scope:
    """One piece of code while it is read: numbers for its variables, and what is known of some of them."""

    def __init__(
        self, code: types.CodeType, stream: Stream, imports: dict[int, Import], numbers: Iterator[int]
    ) -> None:
        self.code, self.stream = code, stream
        self.makings = makings_in(stream) if any(type(one) is types.CodeType for one in code.co_consts) else {}
        self.left_out = {place for making in self.makings.values() for place in making.left_out}
        self.imports = imports
        optimized = code.co_flags & inspect.CO_OPTIMIZED  # else its variables are looked for by name
        self.stored = (
            () if optimized else {one.argument for one in stream if type(one) is Instruction and one.op in STORES}
        )
        self.numbers: dict[str, int] = defaultdict(numbers.__next__)
        self.modules: dict[str, list[Module]] = {}
        self.cells: dict[str, Any] = {}
        for taken in (taken for one in self.imports.values() for taken in one.taken):
            if taken.store in _FOLLOWED and isinstance(taken.value, types.ModuleType | Unloaded):
                self.modules.setdefault(str(taken.variable), []).append(taken.value)

    def op(self, place: int) -> str:
        """Return the name of the instruction at a place, or nothing where there is none."""
        return self.stream[place].op if 0 <= place < len(self.stream) else ""

    def argument(self, place: int) -> Any:
        """Return the argument of the instruction at a place, or None where there is none."""
        return self.stream[place].argument if 0 <= place < len(self.stream) else None


class CodeReader:
    """Reads one function into its node."""

    def __init__(self, reach: Reach, node: Node, namespace: Mapping[str, Any], cells: Mapping[str, Any]) -> None:
        self._reach, self._node, self._namespace, self._cells = reach, node, namespace, cells
        self._names = NameReader(reach, node, namespace)
        self._words = self._names.words
        self._numbers = itertools.count()
        self._codes: list[types.CodeType] = []

    def read(self, code: types.CodeType) -> None:
        """Give the node what the code says, and all that it refers to."""
        self._code(code, None)
        self._node.local = of_text("\n".join(self._words))
        self._node.codes = tuple(self._codes)
        self._node.looks_at |= self._names.looks

    def _code(self, code: types.CodeType, around: _Scope | None) -> None:
        self._codes.append(code)
        stream = self._reach.streams.of(code)
        scope = _Scope(code, stream, imports_in(stream, self._namespace, self._reach.code), self._numbers)
        self._know_outer(scope, around)
        self._say_arguments(scope)
        words, left_out, place = self._words, scope.left_out, 0
        while place < len(stream):
            one = stream[place]
            if place in left_out:
                place += 1
            elif isinstance(one, Mark):
                words.append(f"{one.word} {one.number} {one.depth} {one.with_place}")
                place += 1
            elif (handle := _WAYS.get(one.op)) is not None:
                place = handle(self, scope, place, one)
            else:
                words.append(f"{one.op} {one.argument!r} {one.flag}")
                place += 1
        if not _SEE_LOCALS.isdisjoint(code.co_names):
            words.append(repr((code.co_varnames, code.co_cellvars, code.co_freevars)))
            self._names.in_texts(text for constant in code.co_consts for text in texts_in(constant))
        words.append("end")

    def _know_outer(self, scope: _Scope, around: _Scope | None) -> None:
        for name in scope.code.co_freevars:
            if around is None:
                if name in self._cells:
                    scope.cells[name] = self._cells[name]
                continue
            scope.numbers[name] = around.numbers[name]
            if name in around.modules:
                scope.modules[name] = around.modules[name]
            if name in around.cells:
                scope.cells[name] = around.cells[name]
        if "__class__" in scope.cells and around is None:  # which `super()` takes without loading it
            self._node.children.append(self._reach.refer_named(self._node, scope.cells["__class__"], "__class__"))

    def _say_arguments(self, scope: _Scope) -> None:
        code, names = scope.code, scope.code.co_varnames
        count = code.co_argcount + code.co_kwonlyargcount
        count += bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
        scope.numbers.update(zip(names[:count], self._numbers, strict=False))
        named = names[code.co_posonlyargcount : code.co_argcount + code.co_kwonlyargcount]
        counts = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount
        self._words.append(f"code {code.co_flags & _FLAGS} {counts} {named}")

    def _comparison(self, _scope: _Scope, place: int, one: Instruction) -> int:
        if "@" in self._words[-2:] and self._node.children:
            self._names.compared(self._node.children[-1])
        self._words.append(f"{one.op} {one.argument!r} {one.flag}")
        return place + 1

    def _constant(self, scope: _Scope, place: int, one: Instruction) -> int:
        if isinstance(one.argument, types.CodeType):
            making = scope.makings.get(place)
            self._words.append(f"make {making.flags if making else ''}")
            self._code(one.argument, scope)
            return making.end if making else place + 1
        if scope.op(place + 1) == "STORE_NAME" and scope.argument(place + 1) in _OF_CLASS_BODY:
            return place + 2
        if "IMPORT_NAME" in (scope.op(place + 1), scope.op(place + 2)):  # level, and names that are taken
            return place + 1
        self._words.append(constant_text(one.argument))
        for text in texts_in(one.argument):
            self._names.look(text)
            self._names.named(text)
            self._reach.mention(self._node, text)
        return place + 1

    def _keywords(self, _scope: _Scope, place: int, one: Instruction) -> int:
        for text in texts_in(one.argument):
            self._names.look(text)
        self._words.append(f"{one.op} {one.argument!r} {one.flag}")
        return place + 1

    def _global(self, scope: _Scope, place: int, one: Instruction) -> int:
        name = one.argument
        if name == "__name__" and scope.op(place + 1) == "STORE_NAME":  # a class body begins with it
            return place + 2
        if one.op != "LOAD_GLOBAL" and name in scope.stored:
            self._words.append(f"own {name}")
            if scope.code.co_name == "<module>":
                return place + 1
        return self._names.global_name(scope.stream, place, one)

    def _variable(self, scope: _Scope, place: int, one: Instruction) -> int:
        name: str = one.argument
        if name in scope.modules and one.op.startswith("LOAD"):
            after = place + 1
            for module in scope.modules[name]:
                after = self._names.follow(scope.stream, place, module, name)
            return after
        if name in scope.cells:
            return self._cell(scope, place, one)
        self._words.append(f"{one.op} {scope.numbers[name]}")
        return place + 1

    def _cell(self, scope: _Scope, place: int, one: Instruction) -> int:
        name = str(one.argument)
        if not one.op.startswith("LOAD"):
            self._names.refuse(
                f"rebinds {name} of the function around it, so that what it returns depends on earlier calls"
            )
            return place + 1
        return self._names.follow(scope.stream, place, scope.cells[name], f"{self._node.name}.{name}")

    def _attribute(self, scope: _Scope, place: int, one: Instruction) -> int:
        name = str(one.argument)
        of_class = name in _NAMES_OF_CLASS and self._is_class(scope, place - 1)
        of_object = name == "__dict__" and scope.argument(place - 1) in _OBJECTS
        if not of_class and not of_object:
            self._names.look(name)
        if name in _QUERIES and self._is_given_unknown_text(scope, place + 1):
            self._names.queries()
        self._words.append(f".{name}")  # what is called shows in what calls it
        return place + 1

    def _is_given_unknown_text(self, scope: _Scope, place: int) -> bool:
        """Tell whether a method gets a first argument that may be a text, and is none that is written there."""
        one = scope.stream[place] if place < len(scope.stream) else None
        if not isinstance(one, Instruction) or one.op.startswith(_CALLS):
            return False
        if one.op == "LOAD_CONST":  # unless it is the first part of one
            return not scope.op(place + 1).startswith((*_CALLS, "LOAD_CONST", "KW_NAMES"))
        return one.op != "LOAD_GLOBAL" or type(self._namespace.get(str(one.argument))) is str

    def _is_class(self, scope: _Scope, place: int) -> bool:
        """Tell whether what is on the stack is a class, as type(x) gives it, or x.__class__."""
        before = scope.stream[place]
        if isinstance(before, Instruction) and before.op == "LOAD_ATTR":
            return bool(before.argument == "__class__")
        asked = [one.argument for one in scope.stream[max(0, place - 5) : place] if isinstance(one, Instruction)]
        return scope.op(place).startswith("CALL") and "type" in asked

    def _import(self, scope: _Scope, place: int, one: Instruction) -> int:
        what = scope.imports[place]
        self._words.append("import")
        if what.name is None or what.module is None:
            self._words.append(f"{one.argument}")
            return place + 1
        for name in (*parents(what.name), what.name):
            self._imported(name)
        for taken in what.taken:
            if taken.attribute is not None and not isinstance(taken.value, types.ModuleType | Unloaded):
                self._names.taken(scope.stream, place, taken.module, taken.attribute, taken.value)
            elif taken.store not in _FOLLOWED:
                self._names.module_itself(taken.value)
        return place + 1

    def _imported(self, name: str) -> None:
        effects = self._reach.refer_effects(module_named(name, self._reach.code))
        if effects is not None:
            self._node.children.append(effects)

    def _import_from(self, _scope: _Scope, place: int, _one: Instruction) -> int:
        self._words.append("from")  # what is taken, and not its name
        return place + 1

    def _rebinding(self, scope: _Scope, place: int, one: Instruction) -> int:
        self._words.append(f"{one.op} {one.argument}")
        if not scope.op(place - 1).startswith("IMPORT"):
            self._names.refuse(f"rebinds the global {one.argument}, so that what it returns depends on earlier calls")
        return place + 1


_WAYS: dict[str, Handle] = {
    **dict.fromkeys(("IS_OP", "COMPARE_OP", "CONTAINS_OP"), CodeReader._comparison),
    **dict.fromkeys(bytecode.VARIABLES, CodeReader._variable),
    **dict.fromkeys(("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS"), CodeReader._global),
    **dict.fromkeys(("STORE_GLOBAL", "DELETE_GLOBAL"), CodeReader._rebinding),
    "LOAD_CONST": CodeReader._constant,
    "KW_NAMES": CodeReader._keywords,  # of Python 3.11 and 3.12; others load them as a constant
    "LOAD_ATTR": CodeReader._attribute,
    "IMPORT_NAME": CodeReader._import,
    "IMPORT_FROM": CodeReader._import_from,
}
