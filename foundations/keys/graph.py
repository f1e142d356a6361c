"""All that the stages of a job can reach: a node for each function, class, module and value, made when first met."""

import os
import types
from collections import deque
from functools import partial
from pathlib import PurePath
from typing import Any

from foundations.keys import coarse
from foundations.keys.classes import expand_class
from foundations.keys.data import expand_data
from foundations.keys.flow import Streams
from foundations.keys.functions import WRAPPERS, expand_function, expand_wrapper
from foundations.keys.library import is_a, library_name, owns_function, use_of
from foundations.keys.mentions import Mentions
from foundations.keys.module_source import Sources
from foundations.keys.modules import MISSING, Module, Unloaded, loaded
from foundations.keys.named_files import named_files
from foundations.keys.nodes import Kind, Node, of_text
from foundations.keys.plain_values import ATOMS, CONTAINERS, atom_token, plain_token
from foundations.keys.reach import Reference
from foundations.keys.sentinels import Sentinels
from foundations.keys.shown import shown
from foundations.keys.subjects import is_code, kind_of, module_of, name_of
from foundations.keys.top_level import TopLevels, expand_top_level
from foundations.keys.unloaded import expand_unloaded
from foundations.keys.user_code import UserCode

_LIBRARY = b"library:"
_MODULES_OWN = """
__name__ __doc__ __package__ __loader__ __spec__ __file__ __cached__ __builtins__ __path__ __annotations__
__warningregistry__
"""
_NOT_OF_MODULE = frozenset(_MODULES_OWN.split())


class Graph:
    """Implements `Reach`; `grow` gives every node that was met what it says and refers to."""

    def __init__(self, code: UserCode, sources: Sources | None = None, streams: Streams | None = None) -> None:
        self.code = code
        self.sources = sources or Sources()
        self.streams = streams or Streams()
        self._sentinels = Sentinels(code)
        self._known: dict[tuple[int, bool], Reference] = {}
        self._alive: list[Any] = []  # an address means something only as long as what is there lives
        self._inside: dict[tuple[str, str | None], Node] = {}
        self._waiting: deque[Node] = deque()
        self._top_levels = TopLevels(code, self.sources, self._wait)
        self._everything: Node | None = None
        self._unsettled: list[Node] = []
        self._alike: dict[bytes, list[Node]] = {}
        self._twins: list[list[Node]] = []
        self._data_files: dict[str, Node] = {}
        self._mentions = Mentions()
        self._roots = tuple({str(code.root), os.path.realpath(code.root)})

    def grow(self) -> None:
        """Give all nodes that wait for it what they say and refer to."""
        while self._waiting:
            node = self._waiting.popleft()
            self._expand(node)
            self._unsettled.append(node)

    def has_twins(self) -> bool:
        """Tell whether any two values that have been met are alike, and one of them is referred to twice."""
        for node in self._unsettled:
            if node.kind == "data" and node.digest is not None:
                alike = self._alike.setdefault(node.digest, [])
                alike.append(node)
                if len(alike) == 2:
                    self._twins.append(alike)
        self._unsettled.clear()
        return any(node.uses > 1 for alike in self._twins for node in alike)

    def refer(self, holder: Node, value: Any, name: str) -> Reference:
        """Return what stands for a value; `name` is for people."""
        kind = type(value)
        if kind in ATOMS:
            return self._atom(holder, value)
        lenient = holder.lenient and not is_code(value)
        key = id(value), lenient
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._met(holder, value, name, lenient)
            self._alive.append(value)
        if type(found) is bytes and found.startswith(_LIBRARY):
            self._use_library(holder, found[len(_LIBRARY) :].decode())
        return found

    def refer_named(self, holder: Node, value: Any, name: str) -> Reference:
        """Return what stands for a value that code names, with a node of its own where it is the user's."""
        found = self.refer(holder, value, name)
        if isinstance(found, Node) or found.startswith(_LIBRARY):
            return found
        kind: Kind = "data" if type(value) in CONTAINERS else "constant"
        return Node(kind, name, local=found, single=False, source=partial(shown, value))

    def refer_library(self, holder: Node, name: str, value: Any) -> Reference:
        """Return what stands for what a library calls `name`."""
        if value is not MISSING and self._counts_itself(value):
            found = self.refer(holder, value, name)
            if isinstance(found, Node):
                self._use_library(holder, name)  # which a library has wrapped
                return found
            name = found[len(_LIBRARY) :].decode()
        self._use_library(holder, name)
        return _LIBRARY + name.encode()

    def refer_inside(self, holder: Node, module: Module, attribute: str | None) -> Reference:
        """Return what stands for a module that is not loaded, or for one of its names; None: for all of them."""
        del holder
        assert isinstance(module, Unloaded)
        key = module.name, attribute
        if key not in self._inside:
            name = module.name if attribute is None else f"{module.name}.{attribute}".rstrip(".")
            self._inside[key] = self._wait(Node("module", name, (module, attribute)))
        return self._inside[key]

    def refer_everything(self) -> Node:
        """Return the node for all code of the model directory."""
        if self._everything is None:
            self._everything = coarse.everything(self.code)
        return self._everything

    def refer_data_files(self, folder: str | None = None) -> Node:
        """Return the node for the files of the model directory, or of a folder in it, that are no code."""
        place = folder or str(self.code.root)
        if place not in self._data_files:
            self._data_files[place] = coarse.data_files(place)
        return self._data_files[place]

    def refer_effects(self, module: Module) -> Node | None:
        """Return the node for what importing a module does beside defining names, None where it does nothing else."""
        if isinstance(module, Unloaded):
            found = self.refer_inside(Node("module", ""), module, "") if module.file is not None else None
            return found if isinstance(found, Node) else None
        if module.__name__ == "__main__" or not self.code.owns_module(module.__name__):
            return None
        return self._top_levels.of(module)

    def mention(self, holder: Node, text: str) -> None:
        """Take note of a text in code that may name a file."""
        self._mentions.add(holder, text)

    def _wait(self, node: Node) -> Node:
        self._waiting.append(node)
        return node

    def _met(self, holder: Node, value: Any, name: str, lenient: bool) -> Reference:
        kind = type(value)
        if kind is types.FunctionType and "__stage_function__" in vars(value):
            return self.refer(holder, vars(value)["__stage_function__"], name)
        if kind in CONTAINERS and (plain := self._plain(value, name)) is not None:
            return plain
        library = library_name(value, self.code)
        if library is not None:
            return _LIBRARY + library.encode()
        if kind is object:
            return of_text("object()", *self._sentinels.names(value))
        if issubclass(kind, PurePath):
            return self._path(value, name)
        return self._wait(Node(kind_of(value), name_of(value, name), value, lenient=lenient))

    def _plain(self, value: Any, name: str) -> Reference | None:
        texts: list[list[Any]] = []
        token = plain_token(value, texts)
        if token is None or any(type(text) is str and self._is_rooted(text) for some in texts for text in some):
            return None
        files = named_files([[text for text in some if type(text) is str] for some in texts], words=False)
        if not files:
            return token
        return Node("data", name, local=token, single=False, files=files, source=partial(shown, value))

    def _is_rooted(self, text: str) -> bool:
        return os.sep in text and any(root in text for root in self._roots)

    def _atom(self, holder: Node, value: Any) -> Reference:
        if type(value) is str:
            if self._is_rooted(value):
                return self._rooted(value, holder.name)
            self.mention(holder, value)
        return atom_token(value)

    def _path(self, value: PurePath, name: str) -> Node:
        text = str(value)
        node = self._rooted(text, name) if self._is_rooted(text) else Node("constant", name, local=atom_token(text))
        self.mention(node, text)
        node.local = of_text(type(value).__qualname__, node.local.hex())
        node.single, node.source = False, partial(shown, value)
        return node

    def _rooted(self, text: str, name: str) -> Node:
        """Return what stands for a path below the model directory, wherever that is; what is there counts too."""
        node = Node("constant", name, single=False, source=partial(shown, text))
        if os.path.isfile(text):
            node.files = (text,)
        elif os.path.isdir(text):
            node.children.append(self.refer_data_files(text))
        for root in self._roots:
            text = text.replace(root, "\0")
        node.local = of_text("in the model directory", text)
        return node

    def _use_library(self, holder: Node, name: str) -> None:
        use = use_of(name)
        if use.looks_at is not None:
            holder.looks_at |= {use.looks_at}
        if use.all_code is not None:
            holder.explain(f"{holder.name} uses {name}, {use.all_code}, so all code of the model directory counts")
            holder.children.append(self.refer_everything())
        if use.reads_unseen:
            self._mentions.reads_unseen(holder)
        if use.data_files:
            holder.children.append(self.refer_data_files())

    def _counts_itself(self, value: Any) -> bool:
        """Tell whether what a library holds under a name is code, a library's or what a user has put there."""
        if is_a(value, types.FunctionType, types.BuiltinFunctionType, types.MethodType, type, *WRAPPERS):
            return True
        return self.code.owns_module(type(value).__module__)

    def _expand(self, node: Node) -> None:
        subject = node.subject
        if node.kind == "top level":
            expand_top_level(self, node)
        elif node.kind == "module" and type(subject) is tuple:
            expand_unloaded(self, node, self.sources)
        elif node.kind == "data":
            self._expand_value(node)
        elif is_a(subject, types.FunctionType):
            expand_function(self, node)
            self._describe_function(node, subject)
            self._mentions.settle(node)
        elif is_a(subject, type):
            expand_class(self, node)
            self._describe_class(node, subject)
        elif is_a(subject, types.ModuleType):
            self._expand_module(node, subject)
        elif is_a(subject, *WRAPPERS):
            expand_wrapper(self, node)
        else:
            self._expand_value(node)

    def _describe_function(self, node: Node, function: types.FunctionType) -> None:
        if owns_function(function, self.code):
            node.file = self.code.relative(function.__code__.co_filename)
            node.source = partial(self.sources.of_code, function.__code__)
            module = loaded(function.__globals__.get("__name__"))
            if module is not None and vars(module) is function.__globals__:
                self._add_effects(node, module)

    def _describe_class(self, node: Node, cls: type) -> None:
        module = loaded(type.__getattribute__(cls, "__module__"))
        if module is None:
            return
        file = vars(module).get("__file__")
        if isinstance(file, str):
            node.file = self.code.relative(file)
            node.source = partial(self.sources.of_class, file, type.__getattribute__(cls, "__qualname__"))
        self._add_effects(node, module)

    def _add_effects(self, node: Node, module: types.ModuleType) -> None:
        effects = self.refer_effects(module)
        if effects is not None:
            node.children.append(effects)
        if self.code.is_compiled(module) and node.subject is not module:
            node.children.append(self.refer(node, module, module.__name__))

    def _expand_module(self, node: Node, module: types.ModuleType) -> None:
        file = vars(module).get("__file__")
        if isinstance(file, str):
            node.file = self.code.relative(file)
        if self.code.is_compiled(module):
            node.local = of_text("compiled", coarse.content(str(file)))
            return
        names = sorted(name for name in vars(module) if name not in _NOT_OF_MODULE)
        node.local = of_text("module", *names)
        for name in names:
            node.children.append(self.refer_named(node, vars(module)[name], f"{module.__name__}.{name}"))
        self._add_effects(node, module)

    def _expand_value(self, node: Node) -> None:
        expand_data(self, node)
        node.source = partial(shown, node.subject)
        module = loaded(module_of(node.subject))
        if module is not None and self.code.is_compiled(module):
            node.children.append(self.refer(node, module, "compiled"))
