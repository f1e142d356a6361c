"""Edits around data: globals of many types, files that paths name, objects that hold user code, circles of data."""

from tests.foundations.keys.edits.edit import Edit, hits, misses, project

DATA = project(
    """
    import collections
    import datetime
    import functools
    import logging
    import threading
    from decimal import Decimal
    from pathlib import Path
    from types import SimpleNamespace

    LOCK = threading.Lock()
    LOG = logging.getLogger(__name__)
    CONFIG = {"lr": 0.1, "layers": [1, 2, 3], "names": {"b", "a", "c"}}
    WHEN = datetime.date(2020, 1, 1)
    PRICE = Decimal("1.10")
    SPACE = SimpleNamespace(depth=3)
    COUNTS = collections.defaultdict(list)
    ORDER = collections.OrderedDict(a=1, b=2)
    TEXT = '''one
    two'''
    BIG = 10 ** 40
    LATER = datetime.timedelta(days=1)
    COMPLEX = 1 + 2j
    FOLDER = Path("data") / "raw"
    RING = [1]
    RING.append(RING)

    def clean(x):
        return x

    class Step:
        '''A step.'''
        def __init__(self, function, lock=None):
            self.function = function
            self.lock = lock or threading.RLock()
            self.next = None

    FIRST, LAST = Step(clean), Step(len)
    FIRST.next, LAST.next = LAST, FIRST
    APPLY = functools.partial(map, clean)

    def train(x):
        with LOCK:
            LOG.info("%s", x)
        return (CONFIG, WHEN, PRICE, SPACE, COUNTS, ORDER, TEXT, BIG, LATER, COMPLEX, FOLDER, RING, FIRST.next, APPLY(x))
    """
)
METHODS = project(
    """
    import models

    KEPT = models.make()

    def train(x, model=None):
        found = KEPT if model is None else model
        with models.opened() as source:
            return found.fit(x).score(source), models.Factory.build().run()
    """,
    models="""
    class Result:
        def score(self, x):
            return x + 1

    class Model:
        def fit(self, x):
            return Result()

    class Built:
        def run(self):
            return helped()

    def helped():
        return 5

    class Factory:
        @staticmethod
        def build():
            return Built()

    class opened:
        def __enter__(self):
            return 3
        def __exit__(self, *args):
            return None

    def make():
        return Model()
    """,
)
QUERY = project(
    """
    def keep(value):
        return value > 1

    def bound():
        return 3

    LIMIT = 2

    def train(frame):
        return frame.query("size > @LIMIT and @keep(size)")
    """
)
GENERATED = project(
    """
    import collections
    import dataclasses
    import typing

    T = typing.TypeVar("T")
    Made = dataclasses.make_dataclass("Made", [("x", int), ("y", int, 4)])
    Dynamic = type("Dynamic", (), {"size": 3, "grow": lambda self: self.size + 1})

    class Box(typing.Generic[T]):
        def put(self, x: T) -> T:
            return x

    class Reads(typing.Protocol):
        def read(self) -> int: ...

    class Options(typing.TypedDict, total=False):
        depth: int

    def train(x):
        return Made(1), Dynamic().grow(), Box[int]().put(x), Options(depth=3), typing.cast(Reads, x)
    """
)

SUBCLASSES = project(
    """
    import shapes
    from base import Shape

    def train():
        return [kind().area() for kind in Shape.__subclasses__()]
    """,
    base="class Shape:\n    pass\n",
    shapes="""
    from base import Shape

    class Square(Shape):
        def area(self):
            return 4
    """,
)
ALIASES = project(
    """
    class Step:
        def __init__(self, n):
            self.n = n

    FIRST = Step(1)
    LAST = FIRST
    OTHER = {"a": FIRST}

    def same(x):
        return x

    def also(x):
        return x

    def train(x):
        FIRST.n += 1
        return LAST.n, x is same, OTHER
    """
)

OPAQUE = project(
    """
    import contextvars
    import functools
    import logging
    import threading
    import weakref

    DEPTH = contextvars.ContextVar("depth", default=3)
    LOCAL = threading.local()
    LOCAL.scale = 4
    SEEN = weakref.WeakSet()

    @SEEN.add
    class Kept:
        size = 5

    class Kept2:
        size = 6

    class Own(threading.local):
        rate = 7

    class Loud(logging.Logger):
        def shout(self, x):
            return x + 8

    OWN, LOUD = Own(), Loud("loud")
    SEEN.add(Kept2)

    @functools.total_ordering
    class Ordered:
        def __lt__(self, other):
            return 9
        def __eq__(self, other):
            return True

    class Shown:
        @functools.singledispatchmethod
        def show(self, x):
            return 10
        @show.register
        def _(self, x: int):
            return 11

    def train(x):
        return DEPTH.get(), LOCAL.scale, list(SEEN), OWN.rate, LOUD.shout(x), Ordered(), Shown().show(x)
    """
)

MORE: list[Edit] = [
    misses("default of a context variable", OPAQUE, "stage", "default=3", "default=33"),
    misses("attribute of a thread-local", OPAQUE, "stage", "scale = 4", "scale = 44"),
    misses("class in a weak set", OPAQUE, "stage", "size = 6", "size = 66"),
    misses("class of a thread-local", OPAQUE, "stage", "rate = 7", "rate = 77"),
    misses("class of a logger", OPAQUE, "stage", "x + 8", "x + 88"),
    misses("ordering that others are made from", OPAQUE, "stage", "return 9", "return 99"),
    misses("default of a generic method", OPAQUE, "stage", "return 10", "return 100"),
    misses("variant of a generic method", OPAQUE, "stage", "return 11", "return 111"),
    misses("class found by __subclasses__", SUBCLASSES, "shapes", "return 4", "return 9"),
    misses("two names for one object", ALIASES, "stage", "LAST = FIRST", "LAST = Step(1)"),
    misses("one of two functions that are alike, compared", ALIASES, "stage", "x is same", "x is also"),
    misses("value in a dict", DATA, "stage", '"lr": 0.1', '"lr": 0.2'),
    misses("order of a dict", DATA, "stage", '"lr": 0.1, "layers": [1, 2, 3]', '"layers": [1, 2, 3], "lr": 0.1'),
    misses("item of a list in a dict", DATA, "stage", "[1, 2, 3]", "[1, 2, 4]"),
    misses("item of a set", DATA, "stage", '{"b", "a", "c"}', '{"b", "a", "d"}'),
    hits("order of a set", DATA, "stage", '{"b", "a", "c"}', '{"c", "b", "a"}'),
    misses("date", DATA, "stage", "(2020, 1, 1)", "(2020, 1, 2)"),
    misses("decimal", DATA, "stage", '"1.10"', '"1.1"'),
    misses("namespace", DATA, "stage", "depth=3", "depth=4"),
    misses("factory of a defaultdict", DATA, "stage", "defaultdict(list)", "defaultdict(dict)"),
    misses("order of an OrderedDict", DATA, "stage", "a=1, b=2", "b=2, a=1"),
    misses("text of several lines", DATA, "stage", "one\n", "one \n"),
    misses("large number", DATA, "stage", "10 ** 40", "10 ** 40 + 1"),
    misses("complex number", DATA, "stage", "1 + 2j", "1 - 2j"),
    misses("path", DATA, "stage", '"raw"', '"clean"'),
    misses("list that holds itself", DATA, "stage", "RING = [1]", "RING = [2]"),
    misses("function that an object holds", DATA, "stage", "def clean(x):\n    return x", "def clean(x):\n    return -x"),
    misses("function that the other object of a circle holds", DATA, "stage", "Step(len)", "Step(max)"),
    misses("class of an object", DATA, "stage", "self.next = None", "self.next = 0"),
    misses("function of a partial of a builtin", DATA, "stage", "partial(map, clean)", "partial(filter, clean)"),
    hits("name of a logger", DATA, "stage", "getLogger(__name__)", 'getLogger("other")'),
    misses("method of an object that a global holds", METHODS, "models", "return Result()", "return [Result()][0]"),
    misses("method of what a method makes", METHODS, "models", "x + 1", "x + 2"),
    misses("what a method of a made object calls", METHODS, "models", "return 5", "return 6"),
    misses("context manager", METHODS, "models", "return 3", "return 4"),
    misses("end of a context manager", METHODS, "models", "return None", "return True"),
    misses("class of what a global holds", METHODS, "models", "return Model()", "return Result()"),
    misses("function in the text of a query", QUERY, "stage", "value > 1", "value > 2"),
    misses("global in the text of a query", QUERY, "stage", "LIMIT = 2", "LIMIT = 3"),
    hits("function beside the text of a query", QUERY, "stage", "return 3", "return 4"),
    misses("field of a generated dataclass", GENERATED, "stage", '("y", int, 4)', '("y", int, 5)'),
    misses("attribute of a class made by type()", GENERATED, "stage", '"size": 3', '"size": 4'),
    misses("method of a class made by type()", GENERATED, "stage", "self.size + 1", "self.size + 2"),
    misses("method of a generic class", GENERATED, "stage", "        return x\n", "        return [x]\n"),
    misses("key of a typed dict", GENERATED, "stage", "depth: int", "width: int"),
]  # fmt: skip
