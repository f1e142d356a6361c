"""Edits of modules: imports of every kind, top levels, packages, and what can't be followed."""

from tests.foundations.keys.edits.edit import Edit, hits, misses, project

PACKAGE = project(
    """
    import pack
    import pack.sub.deep as deep
    from pack import public, VERSION
    from pack.sub import *
    from space.inner import spaced

    def train(x):
        return public(x), VERSION, deep.dig(x), starred(x), spaced(x), pack.tools.tool(x)
    """,
    pack__init="""
    from .tools import tool as public
    from . import tools
    VERSION = "1"
    """,
    pack__tools="""
    from .sub.deep import dig

    def tool(x):
        return dig(x) + 1
    """,
    pack__sub__init="""
    __all__ = ["starred"]

    def starred(x):
        return x

    def hidden(x):
        return x
    """,
    pack__sub__deep="""
    def dig(x):
        return x - 1
    """,
    space__inner="""
    def spaced(x):
        return x * 9
    """,
)
LATE = project(
    """
    def train(x):
        import late
        from late_names import needed, LIMIT as MOST
        from pack.inner import inside
        import pack.other as other
        def nested():
            return late.run(x)
        return late.SPEED, nested(), needed(x), MOST, inside(x), other.thing(x)
    """,
    late="""
    import os
    from late_below import below

    SPEED = 3
    OTHER = 4

    def run(x):
        '''Run.'''
        return below(x) * helper(x)

    def helper(x):
        return x

    def unused(x):
        return x + 100
    """,
    late_below="""
    def below(x):
        return x + 1

    def beside(x):
        return x + 200
    """,
    late_names="""
    LIMIT = 5
    SPARE = 6

    def needed(x):
        return x + LIMIT

    def spare(x):
        return x + SPARE
    """,
    pack__init="",
    pack__inner="""
    def inside(x):
        return x + 7
    """,
    pack__other="""
    from .inner import inside

    def thing(x):
        return inside(x) + 8
    """,
)
CIRCLE = project(
    """
    import left

    def train(n):
        return left.even(n), down(n)

    def down(n):
        return 0 if n == 0 else up(n - 1)

    def up(n):
        return down(n) + 1
    """,
    left="""
    import right

    def even(n):
        return True if n == 0 else right.odd(n - 1)
    """,
    right="""
    import left

    def odd(n):
        return False if n == 0 else left.even(n - 1)
    """,
)
EFFECTS = project(
    """
    import sys
    import decimal
    import settings
    from typing import TYPE_CHECKING

    if TYPE_CHECKING:
        import unseen

    try:
        import nothing_like_this as fast
    except ImportError:
        import slow as fast

    if sys.version_info > (3, 0):
        def chosen(x):
            return x + 1
    else:
        def chosen(x):
            return x + 2

    TABLE = {}
    for name in ("a", "b"):
        TABLE[name] = len(name)

    def train(x):
        return decimal.Decimal(1) / x, chosen(x), fast.go(x), TABLE["a"]

    if __name__ == "__main__":
        print(train(3))
    """,
    settings="""
    import decimal
    import warnings

    PRECISION = 10
    decimal.getcontext().prec = PRECISION
    warnings.simplefilter("ignore")
    UNUSED = 3

    class Section:
        warnings.simplefilter("default")
    """,
    slow="""
    def go(x):
        return x
    """,
    unseen="""
    import decimal
    decimal.getcontext().prec = 3
    """,
)
PATCHED = project(
    """
    import patches
    import tools

    def train(x):
        return tools.clean(x), tools.made(x), tools.later
    """,
    tools="""
    def clean(x):
        return x

    def __getattr__(name):
        return lambda x: x + 1
    """,
    patches="""
    import json
    import tools

    def better(x):
        return x.strip()

    def encode(self, value):
        return "1"

    tools.clean = better
    json.JSONEncoder.default = encode
    """,
)
DYNAMIC = project(
    """
    import importlib
    import tools

    def train(name, x):
        return getattr(tools, name)(x)

    def loads(name):
        return importlib.import_module(name).run()

    def evaluates(text):
        return eval(text)

    def unpickles(data):
        import pickle
        return pickle.loads(data)

    """,
    names="""
    def looks(name):
        return globals()[name]

    def helper():
        return 1
    """,
    tools="""
    def one(x):
        return 1

    def two(x):
        return 2
    """,
    plugin="""
    def run():
        return 3
    """,
)
FILES = project(
    """
    from pathlib import Path
    import os

    HERE = Path(__file__).parent
    TABLE = HERE / "table.csv"

    def train():
        return (Path(__file__).parent / "words.txt").read_text()

    def reads():
        return TABLE.read_text()

    def nothing():
        return 1
    """
) | {"words.txt": "one two\n", "table.csv": "1,2\n"}
SEEN = project(
    """
    from prompts import ask
    from tools import shown, beside
    import inspect

    def train(x):
        return ask(x), shown.__name__, inspect.signature(beside)

    def plain(x):
        return shown(x), beside(x)
    """,
    prompts="""
    def ask(x):
        '''Tell me.'''
        return ask.__doc__
    """,
    tools="""
    def shown(x):
        return x

    def beside(x: int):
        return x
    """,
)
SHARED = project(
    """
    import shared

    def train(x):
        return shared.work(x)
    """,
    lib__shared="""
    def work(x):
        return x + 1
    """,
)

PACKAGES = project(
    """
    def train(x):
        from pkg import thing
        from pkg2 import starred
        import ns.mod
        import deep.er.est
        from ns import other as o
        try:
            import fast_missing as fast
        except ImportError:
            import slow as fast
        return thing(x), starred(x), ns.mod.f(x), deep.er.est.g(x), o.h(x), fast.go(x)
    """,
    pkg__init="""
    from .impl import thing
    from .impl import unused
    """,
    pkg__impl="""
    from .base import Base
    def thing(x): return Sub(x).run()
    class Sub(Base):
        def run(self): return self.inner()
    def unused(x): return 10
    """,
    pkg__base="class Base:\n    def inner(self): return 20\n",
    pkg2__init="from .impl import *\n",
    pkg2__impl="def starred(x): return 30\n",
    ns__mod="def f(x): return 40\n",
    ns__other="def h(x): return 50\n",
    deep__init="",
    deep__er__init="K = 1\n",
    deep__er__est="from . import K\ndef g(x): return 60 + K\n",
    slow="def go(x): return 70\n",
)
INSIDE = project(
    "from pkg.stage import train\n",
    pkg__init="",
    pkg__stage="""
    from . import config
    from .config import Config

    def train(x):
        from .lazy import run
        from . import lazy2
        return run(x), lazy2.two(x), Config().lr, config.DEFAULTS["a"], config.make()
    """,
    pkg__lazy="from .config import DEFAULTS\ndef run(x): return DEFAULTS, 80\n",
    pkg__lazy2="def two(x): return 90\n",
    pkg__config="""
    DEFAULTS = {"a": 100}
    DEFAULTS.update(b=200)

    class Config:
        lr = 0.5
        def __getattr__(self, name): return 300

    def make(cache={}): return cache.setdefault("k", 400)
    """,
)

MODULES: list[Edit] = [
    misses("what a package imported inside passes on", PACKAGES, "pkg/impl", "self.inner()", "self.inner() + 1"),
    misses("base of a class in a package imported inside", PACKAGES, "pkg/base", "return 20", "return 21"),
    hits("unused function that a package imported inside passes on", PACKAGES, "pkg/impl", "return 10", "return 11"),
    misses("star import in a package imported inside", PACKAGES, "pkg2/impl", "30", "31"),
    misses("module of a namespace package imported inside", PACKAGES, "ns/mod", "40", "41"),
    misses("module taken from a namespace package inside", PACKAGES, "ns/other", "50", "51"),
    misses("module deep in packages imported inside", PACKAGES, "deep/er/est", "60", "61"),
    misses("constant of a package in a package imported inside", PACKAGES, "deep/er/__init__", "K = 1", "K = 2"),
    misses("module that stands in, imported inside", PACKAGES, "slow", "70", "71"),
    misses("module that is found from now on", PACKAGES, new={"fast_missing.py": "def go(x): return 1"}),
    misses("relative import inside", INSIDE, "pkg/lazy", "80", "81"),
    misses("relative import of a module inside", INSIDE, "pkg/lazy2", "90", "91"),
    misses("dict of a module imported relatively", INSIDE, "pkg/config", "100", "101"),
    misses("dict that is updated at a top level", INSIDE, "pkg/config", "200", "201"),
    misses("attribute of a class imported relatively", INSIDE, "pkg/config", "0.5", "0.6"),
    misses("__getattr__ of a class", INSIDE, "pkg/config", "300", "301"),
    misses("function with a mutable default", INSIDE, "pkg/config", "400", "401"),
    misses("function that a package passes on", PACKAGE, "pack/tools", "dig(x) + 1", "dig(x) + 2"),
    misses("constant of a package", PACKAGE, "pack/__init__", '"1"', '"2"'),
    misses("function of a module in a package in a package", PACKAGE, "pack/sub/deep", "x - 1", "x - 2"),
    misses("function of a star import", PACKAGE, "pack/sub/__init__", "starred(x):\n    return x", "starred(x):\n    return -x"),
    misses("function in a namespace package", PACKAGE, "space/inner", "x * 9", "x * 8"),
    misses("what a package passes on", PACKAGE, "pack/__init__", "from .tools import tool as public", "from .sub.deep import dig as public"),
    hits("function that a star import leaves out", PACKAGE, "pack/sub/__init__", "hidden(x):\n    return x", "hidden(x):\n    return -x"),
    hits("absolute import for a relative one", PACKAGE, "pack/tools", "from .sub.deep", "from pack.sub.deep"),
    misses("function of a module imported inside", LATE, "late", "below(x) * helper(x)", "below(x) + helper(x)"),
    misses("helper in a module imported inside", LATE, "late", "def helper(x):\n    return x", "def helper(x):\n    return -x"),
    misses("constant of a module imported inside", LATE, "late", "SPEED = 3", "SPEED = 4"),
    misses("module below one imported inside", LATE, "late_below", "x + 1", "x + 2"),
    misses("name imported inside", LATE, "late_names", "x + LIMIT", "x - LIMIT"),
    misses("constant imported inside", LATE, "late_names", "LIMIT = 5", "LIMIT = 55"),
    misses("module in a package imported inside", LATE, "pack/inner", "x + 7", "x + 77"),
    misses("package that holds a module imported inside", LATE, "pack/__init__", "", "import decimal; decimal.getcontext().prec = 3"),
    misses("effect in a module imported inside", LATE, "late", "OTHER = 4", "OTHER = 4\nos.environ['A'] = 'b'"),
    misses("other name imported inside", LATE, "stage", "LIMIT as MOST", "SPARE as MOST"),
    hits("unused function of a module imported inside", LATE, "late", "x + 100", "x + 101"),
    hits("unused constant of a module imported inside", LATE, "late", "OTHER = 4", "OTHER = 5"),
    hits("unused name beside one imported inside", LATE, "late_names", "x + SPARE", "x - SPARE"),
    hits("unused function below a module imported inside", LATE, "late_below", "x + 200", "x + 201"),
    hits("docstring in a module imported inside", LATE, "late", "'''Run.'''", "'''Run it.'''"),
    misses("function of a circle of two modules", CIRCLE, "right", "False if", "None if"),
    misses("function of a circle in one module", CIRCLE, "stage", "down(n) + 1", "down(n) + 2"),
    misses("the other function of the circle", CIRCLE, "stage", "0 if n == 0", "1 if n == 0"),
    misses("effect at a top level", EFFECTS, "settings", ".prec = PRECISION", ".prec = PRECISION + 1"),
    misses("constant of an effect", EFFECTS, "settings", "PRECISION = 10", "PRECISION = 11"),
    misses("call in a class body", EFFECTS, "settings", '"default"', '"once"'),
    misses("call at a top level", EFFECTS, "settings", '"ignore"', '"always"'),
    misses("effect added to a module of the stage", EFFECTS, "stage", "TABLE = {}", "decimal.getcontext().prec = 3\nTABLE = {}"),
    misses("loop at a top level", EFFECTS, "stage", "= len(name)", "= -len(name)"),
    misses("definition that a condition has chosen", EFFECTS, "stage", "return x + 1", "return x + 3"),
    misses("module that stands in", EFFECTS, "slow", "return x", "return -x"),
    misses("condition turned", EFFECTS, "stage", "> (3, 0)", "< (3, 0)"),
    hits("definition that a condition has not chosen", EFFECTS, "stage", "return x + 2", "return x + 3"),
    hits("unused constant beside an effect", EFFECTS, "settings", "UNUSED = 3", "UNUSED = 4"),
    hits("what only runs as a program", EFFECTS, "stage", "print(train(3))", "print(train(4))"),
    hits("module for type checkers", EFFECTS, "unseen", "prec = 3", "prec = 4"),
    hits("comment beside an effect", EFFECTS, "settings", "UNUSED = 3", "UNUSED = 3  # so far"),
    misses("function that is patched in", PATCHED, "patches", "x.strip()", "x.lstrip()"),
    misses("patch taken away", PATCHED, "patches", "tools.clean = better\n", ""),
    misses("method patched into a library", PATCHED, "patches", '"1"', '"2"'),
    hits("function that was patched away", PATCHED, "tools", "    return x\n", "    return -x\n"),
    misses("function of a module's __getattr__", PATCHED, "tools", "x + 1", "x + 2"),
    misses("any function, where a name is computed", DYNAMIC, "tools", "return 2", "return 22"),
    hits("comment, where a name is computed", DYNAMIC, "tools", "return 2", "return 2  # two"),
    misses("plugin of an import by name", DYNAMIC, "plugin", "return 3", "return 33", function="stage:loads"),
    misses("anything, where text is evaluated", DYNAMIC, "plugin", "return 3", "return 33", function="stage:evaluates"),
    hits("comment, where text is evaluated", DYNAMIC, "plugin", "return 3", "return 3  # three", function="stage:evaluates"),
    misses("helper that globals() finds", DYNAMIC, "names", "return 1", "return 11", function="names:looks"),
    hits("other module, where globals() is called", DYNAMIC, "plugin", "return 3", "return 33", function="names:looks"),
    misses("class that a pickle may hold", DYNAMIC, "plugin", "return 3", "return 33", function="stage:unpickles"),
    misses("data file beside the code", FILES, new={"words.txt": "one three\n"}),
    hits("comment beside a data file", FILES, "stage", "import os", "import os  # unused"),
    hits("data file that is not used", FILES, new={"words.txt": "one three\n"}, function="stage:nothing"),
    misses("docstring that is read", SEEN, "prompts", "Tell me.", "Tell me more."),
    misses("name that is read", SEEN, "tools", "shown", "told", "stage", "shown", "told"),
    misses("annotation that is read", SEEN, "tools", "x: int", "x: float"),
    hits("name that is not read", SEEN, "tools", "shown", "told", "stage", "shown", "told", function="stage:plain"),
    hits("annotation that is not read", SEEN, "tools", "x: int", "x: float", function="stage:plain"),
    misses("code in another folder on the path", SHARED, "lib/shared", "x + 1", "x + 2", paths=("lib",)),
]  # fmt: skip
