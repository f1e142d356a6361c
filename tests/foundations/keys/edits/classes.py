"""Edits of classes: bases, methods, attributes, descriptors, metaclasses, dataclasses, enums, named tuples."""

from tests.foundations.keys.edits.edit import Edit, hits, misses, project

NET = project(
    """
    from nets import Net

    def train(x):
        net = Net(3)
        net.step(x)
        return net.size, Net.of(x), net.area, net.helped(x)
    """,
    nets="""
    import functools
    from abc import ABC, abstractmethod
    from bases import Base, Mixin

    class Upper(str):
        pass

    class Positive:
        def __set_name__(self, owner, name):
            self.name = name
        def __get__(self, instance, owner=None):
            return 7
        def __set__(self, instance, value):
            instance.__dict__[self.name] = value

    class Net(Mixin, Base):
        '''A net.'''
        rate = 0.1
        depth = Positive()
        layers: list[int] = [1, 2]

        def __init__(self, size):
            super().__init__()
            self.size = size

        def step(self, x):
            '''Step.'''
            value = x * self.rate
            return value

        def unused(self):
            return 1

        @classmethod
        def of(cls, x):
            return cls(x)

        @staticmethod
        def plain(x):
            return x

        @property
        def area(self) -> int:
            return self.size ** 2

        @area.setter
        def area(self, value):
            self.size = value

        @functools.cached_property
        def slow(self):
            return 5

        twice = functools.partialmethod(step, x=2)

        def helped(self, x):
            return self._help(x)

        def _help(self, x):
            return x + 1
    """,
    bases="""
    class Meta(type):
        def __call__(cls, *args):
            return super().__call__(*args)

    class Root:
        kind = "root"
        def step(self, x):
            return -x

    class Base(Root, metaclass=Meta):
        registry = {}
        def __init_subclass__(cls):
            cls.registry[cls.__name__] = cls
        def __init__(self):
            self.state = []

    class Mixin:
        __slots__ = ()
        def mix(self):
            return "mixed"
    """,
)
RECORDS = project(
    """
    import enum
    import re
    from collections import namedtuple
    from dataclasses import dataclass, field
    from typing import NamedTuple, Optional

    class Color(enum.Enum):
        RED = 1
        BLUE = 2
        AZURE = 2

        def shade(self):
            return self.value + 1

    class Level(enum.IntFlag):
        LOW = 1
        HIGH = 2

    @dataclass(order=True)
    class Point:
        x: int
        y: int = 2
        tags: list = field(default_factory=list)
        color: "Optional[Color]" = None

        def far(self):
            return self.x + self.y

    class Pair(NamedTuple):
        first: int
        second: str = "b"

    Triple = namedtuple("Triple", "a b c", defaults=(3,))
    WORD = re.compile(r"[a-z]+", re.IGNORECASE)

    class Plain:
        size: int = 3

    def train(x):
        return Point(x).far(), Color.RED.shade(), Pair(x), Triple(1, 2), WORD.match(x), Level.LOW, Plain()
    """
)
REGISTRY = project(
    """
    import plugins
    from registry import REGISTRY, Handler

    def train(kind, x):
        return REGISTRY[kind](x), Handler.known["A"]().handle(x)
    """,
    registry="""
    REGISTRY = {}

    def register(name):
        def decorate(function):
            REGISTRY[name] = function
            return function
        return decorate

    class Handler:
        known = {}
        def __init_subclass__(cls, **more):
            super().__init_subclass__(**more)
            Handler.known[cls.__name__] = cls
    """,
    plugins="""
    from registry import REGISTRY, Handler, register

    @register("one")
    def one(x):
        return REGISTRY["two"](x)

    @register("two")
    def two(x):
        return two_helper(x)

    def two_helper(x):
        return x + 2

    class A(Handler):
        def handle(self, x):
            return x * 2
    """,
)
TABLE = project(
    """
    def add(x):
        return x + 1

    def drop(x):
        return x - 1

    def same(x):
        return x

    def also_same(x):
        return x

    class Adder:
        def __init__(self, by):
            self.by = by
        def __call__(self, x):
            return x + self.by

    TABLE = {"add": add, "drop": drop, "three": Adder(3), "nested": [(add, 1)]}
    FIRST = {same: 1, also_same: 2}
    CHOSEN = {add, drop}
    bound = Adder(4).__call__
    MISSING = object()
    NOTHING = object()

    def train(x, kind="add", other=MISSING):
        if other is MISSING:
            return TABLE[kind](x), FIRST[same], len(CHOSEN), bound(x)
    """
)

CLASSES: list[Edit] = [
    misses("method", NET, "nets", "x * self.rate", "x / self.rate"),
    misses("method of a base", NET, "bases", "self.state = []", "self.state = {}"),
    misses("method of a base's base", NET, "bases", "return -x", "return +x"),
    misses("method of a mixin", NET, "bases", '"mixed"', '"mix"'),
    misses("method that a method calls", NET, "nets", "x + 1", "x + 2"),
    misses("attribute of a class", NET, "nets", "rate = 0.1", "rate = 0.2"),
    misses("attribute of a base", NET, "bases", '"root"', '"trunk"'),
    misses("list that is an attribute", NET, "nets", "[1, 2]", "[1, 3]"),
    misses("descriptor", NET, "nets", "return 7", "return 8"),
    misses("metaclass", NET, "bases", "super().__call__(*args)", "super().__call__(*args[::-1])"),
    misses("property", NET, "nets", "self.size ** 2", "self.size ** 3"),
    misses("setter of a property", NET, "nets", "self.size = value", "self.size = -value"),
    misses("cached property", NET, "nets", "return 5", "return 6"),
    misses("partial method", NET, "nets", "x=2", "x=3"),
    misses("classmethod", NET, "nets", "return cls(x)", "return cls(-x)"),
    misses("classmethod for a staticmethod", NET, "nets", "@staticmethod\n    def plain(x)", "@classmethod\n    def plain(x)"),
    misses("order of bases", NET, "nets", "Net(Mixin, Base)", "Net(Base, Mixin)"),
    misses("base taken away", NET, "nets", "Net(Mixin, Base)", "Net(Base)"),
    misses("method added that overrides", NET, "nets", "def unused(self)", "def mix(self)"),
    misses("name of a class", NET, "nets", "Net", "Network", "stage", "Net", "Network"),
    hits("docstring of a class", NET, "nets", "'''A net.'''", "'''A large net.'''"),
    hits("docstring of a method", NET, "nets", "'''Step.'''", "'''One step.'''"),
    hits("local variable of a method", NET, "nets", "value = x * self.rate\n        return value",
         "result = x * self.rate\n        return result"),
    hits("annotation of a method", NET, "nets", "area(self) -> int", "area(self) -> float"),
    hits("order of methods", NET, "nets", "    def unused(self):\n        return 1\n\n", "",
         "nets", "        return x + 1\n", "        return x + 1\n\n    def unused(self):\n        return 1\n"),
    hits("class beside", NET, "nets", "class Upper(str):\n    pass", "class Upper(str):\n    x = 1"),
    hits("comment in a class", NET, "bases", "registry = {}", "registry = {}  # of all"),
    hits("class moved to another module", NET, "nets", "from bases import Base, Mixin", "from bases import Base\nfrom mixins import Mixin",
         "bases", "class Mixin:\n    __slots__ = ()\n    def mix(self):\n        return \"mixed\"\n", "",
         new={"mixins.py": "class Mixin:\n    __slots__ = ()\n    def mix(self):\n        return 'mixed'\n"}),
    misses("value of an enum", RECORDS, "stage", "RED = 1", "RED = 5"),
    misses("name of a member of an enum", RECORDS, "stage", "BLUE = 2", "GREEN = 2"),
    misses("member of an enum added", RECORDS, "stage", "BLUE = 2", "BLUE = 2\n    GREEN = 3"),
    misses("alias in an enum", RECORDS, "stage", "AZURE = 2", "AZURE = 1"),
    misses("method of an enum", RECORDS, "stage", "self.value + 1", "self.value + 2"),
    misses("member of a flag", RECORDS, "stage", "HIGH = 2", "HIGH = 4"),
    misses("default of a dataclass", RECORDS, "stage", "y: int = 2", "y: int = 3"),
    misses("order of a dataclass's fields", RECORDS, "stage", "y: int = 2\n    tags: list = field(default_factory=list)",
           "tags: list = field(default_factory=list)\n    y: int = 2"),
    misses("factory of a dataclass's field", RECORDS, "stage", "default_factory=list", "default_factory=dict"),
    misses("annotation of a dataclass", RECORDS, "stage", "x: int\n", "x: float\n"),
    misses("option of a dataclass", RECORDS, "stage", "@dataclass(order=True)", "@dataclass(order=False)"),
    misses("method of a dataclass", RECORDS, "stage", "self.x + self.y", "self.x - self.y"),
    misses("default of a NamedTuple", RECORDS, "stage", '"b"', '"c"'),
    misses("fields of a namedtuple", RECORDS, "stage", '"a b c"', '"a c b"'),
    misses("default of a namedtuple", RECORDS, "stage", "defaults=(3,)", "defaults=(4,)"),
    misses("compiled pattern", RECORDS, "stage", "[a-z]+", "[a-y]+"),
    misses("flags of a pattern", RECORDS, "stage", "re.IGNORECASE", "re.DOTALL"),
    hits("annotation in a plain class", RECORDS, "stage", "size: int = 3", "size: float = 3"),
    misses("entry of a registry", REGISTRY, "plugins", 'REGISTRY["two"](x)', 'REGISTRY["two"](-x)'),
    misses("what an entry of a registry calls", REGISTRY, "plugins", "x + 2", "x + 3"),
    misses("entry of a registry added", REGISTRY, "plugins", "class A(", "@register('three')\ndef three(x): return 3\n\nclass A("),
    misses("name in a registry", REGISTRY, "plugins", '"one"', '"uno"'),
    misses("class in a registry by subclassing", REGISTRY, "plugins", "x * 2", "x * 3"),
    hits("comment in a registry's module", REGISTRY, "plugins", "class A(", "# the first\nclass A("),
    misses("function in a table", TABLE, "stage", "x - 1", "x - 2"),
    misses("entries of a table swapped", TABLE, "stage", '"add": add, "drop": drop', '"add": drop, "drop": add'),
    misses("state of a callable in a table", TABLE, "stage", "Adder(3)", "Adder(5)"),
    misses("class of a callable in a table", TABLE, "stage", "x + self.by", "x - self.by"),
    misses("constant deep in a table", TABLE, "stage", "(add, 1)", "(add, 2)"),
    misses("one of two functions that are alike", TABLE, "stage", "FIRST[same]", "FIRST[also_same]"),
    misses("set of functions", TABLE, "stage", "{add, drop}", "{add, same}"),
    misses("object of a bound method", TABLE, "stage", "Adder(4)", "Adder(6)"),
    misses("one of two sentinels", TABLE, "stage", "other is MISSING", "other is NOTHING"),
    hits("order of a set of functions", TABLE, "stage", "{add, drop}", "{drop, add}"),
]  # fmt: skip
