"""Edits of functions: helpers, defaults, cells, decorators, wrappers, constants."""

from tests.foundations.keys.edits.edit import Edit, hits, misses, project

HELPER = project(
    """
    from helpers import clean, SCALE as FACTOR
    import helpers

    LIMIT = 10

    def local(x):
        return x + LIMIT

    def train(data, lr=0.1, *, depth=(1, 2)):
        result = []
        for value in data:
            result.append(local(clean(value)) * FACTOR * helpers.shift(value))
        return result, lr, depth
    """,
    helpers="""
    from deeper import inner

    SCALE = 3
    UNUSED = 4

    def clean(value):
        return inner(value) + 1

    def shift(value):
        return value - 1

    def unused(value):
        return value
    """,
    deeper="""
    OFFSET = 1.0

    def inner(value):
        return value * 2 + OFFSET
    """,
)
PACKAGED = project(
    """
    from helper import made

    def train(x):
        return made(x) + 1
    """,
    helper="""
    from pack.kinds import Kind

    def made(x):
        return [Kind.of(x)]
    """,
    pack__init="",
    pack__kinds="""
    class Kind:
        @staticmethod
        def of(x):
            return x
    """,
)
LAMBDAS = project(
    """
    def make():
        return [lambda x: x + 1, lambda x: x + 2], lambda: 3

    PAIR, OTHER = make()
    first, second = (lambda x: x * 1), (lambda x: x * 2)

    def train(x):
        return PAIR[0](x), first(x)

    def test(x):
        return second(x)
    """
)
NESTED = project(
    """
    def train(data):
        total = 0
        def add(value: int) -> int:
            '''Add.'''
            nonlocal total
            total += value
            return total
        class Box:
            '''A box.'''
            size: int = 3
            def grow(self) -> None:
                return self.size + total
        squares = [value * value for value in data if value > 1]
        pairs = {key: [key] for key in data}
        text = f"{total:>5} and {squares!r}"
        if (n := len(data)) > 2:
            text += str(n)
        return [add(value) for value in data], Box().grow(), squares, pairs, text, sorted(data, key=lambda one: -one)
    """
)
DECORATED = project(
    """
    from decorators import timed, repeated

    @timed
    @repeated(3)
    def train(x):
        return x + 1
    """,
    decorators="""
    import functools

    def timed(function):
        @functools.wraps(function)
        def wrapper(*args):
            return note(function(*args))
        return wrapper

    def note(value):
        return value

    def repeated(times):
        def decorate(function):
            def wrapper(*args):
                return [function(*args) for _ in range(times)]
            return wrapper
        return decorate
    """,
)
WRAPPERS = project(
    """
    import functools
    import operator
    from contextlib import contextmanager

    def power(base, exponent):
        return base ** exponent

    square = functools.partial(power, exponent=2)

    @functools.lru_cache(maxsize=10)
    def cached(x):
        return x + 1

    @functools.singledispatch
    def shown(x):
        return "other"

    @shown.register
    def _(x: int):
        return "int"

    @shown.register(str)
    def _(x):
        return "str"

    @contextmanager
    def opened(x):
        yield x + 2

    def compose(*functions):
        def run(x):
            for function in functions:
                x = function(x)
            return x
        return run

    both = compose(square, cached)
    getter = operator.itemgetter(0)

    def train(x):
        with opened(x) as y:
            return square(y), both(x), shown(x), getter([x])
    """
)
FLOW = project(
    """
    def produce(n):
        for i in range(n):
            yield i

    async def later(x):
        async with x as y:
            return await y

    def choose(value):
        match value:
            case {"kind": "a", "size": size} if size > 3:
                return size
            case [first, *rest]:
                return first, rest
            case _:
                return None

    def guarded(x):
        try:
            return 1 / x
        except ZeroDivisionError as error:
            return repr(error)
        finally:
            x = 0

    def train(x):
        while x < 10:
            x += 1
            if x % 2:
                continue
            elif x == 8:
                break
        return list(produce(x)), choose(x), guarded(x), later
    """
)

FUNCTIONS: list[Edit] = [
    misses("helper in the same file", HELPER, "stage", "x + LIMIT", "x - LIMIT"),
    misses("helper in another module", HELPER, "helpers", "inner(value) + 1", "inner(value) + 2"),
    misses("helper two modules away", HELPER, "deeper", "value * 2", "value * 3"),
    misses("helper through a module's name", HELPER, "helpers", "value - 1", "value - 2"),
    misses("constant of the same file", HELPER, "stage", "LIMIT = 10", "LIMIT = 11"),
    misses("constant of another module", HELPER, "helpers", "SCALE = 3", "SCALE = 4"),
    misses("constant two modules away", HELPER, "deeper", "OFFSET = 1.0", "OFFSET = 2.0"),
    misses("type of a constant: int, float", HELPER, "deeper", "OFFSET = 1.0", "OFFSET = 1"),
    misses("type of a constant: int, bool", HELPER, "deeper", "OFFSET = 1.0", "OFFSET = True"),
    misses("type of a constant in code", HELPER, "deeper", "value * 2", "value * 2.0"),
    misses("default", HELPER, "stage", "lr=0.1", "lr=0.2"),
    misses("default of a keyword", HELPER, "stage", "depth=(1, 2)", "depth=(1, 3)"),
    misses("list for a tuple as default", HELPER, "stage", "depth=(1, 2)", "depth=[1, 2]"),
    misses("order of two calls", HELPER, "stage", "local(clean(value))", "clean(local(value))"),
    misses("name of a method that is called", HELPER, "stage", "result.append(", "result.remove("),
    misses("name of a builtin that is called", HELPER, "stage", "return result, lr", "return tuple(result), lr"),
    misses("name of a parameter", HELPER, "stage", "lr=0.1", "rate=0.1", "stage", "lr, depth", "rate, depth"),
    hits("comment", HELPER, "stage", "    result = []", "    # nothing yet\n    result = []"),
    hits("comment in a helper", HELPER, "helpers", "return value - 1", "return value - 1  # one less"),
    hits("docstring", HELPER, "stage", "    result = []", '    """Train."""\n    result = []'),
    hits("module docstring", HELPER, "helpers", "from deeper", '"""Helpers."""\nfrom deeper'),
    hits("annotation", HELPER, "stage", "def local(x):", 'def local(x: "int") -> int:'),
    hits("annotation of a local variable", HELPER, "stage", "result = []", "result: list[int] = []"),
    hits("blank lines", HELPER, "stage", "def train", "\n\n\ndef train"),
    hits("line breaks", HELPER, "stage", "local(clean(value)) * FACTOR", "local(\n clean(\n  value\n )\n ) * (\n FACTOR)"),
    hits("names of local variables", HELPER, "stage", "result", "found", "stage", "value", "item"),
    hits("helper renamed", HELPER, "stage", "local", "near", "stage", "clean", "tidy", "helpers", "clean", "tidy"),
    hits("constant renamed", HELPER, "stage", "LIMIT", "MOST"),
    hits("unused function edited", HELPER, "helpers", "    return value\n", "    return value * 5\n"),
    hits("unused constant edited", HELPER, "helpers", "UNUSED = 4", "UNUSED = 5"),
    hits("function added", HELPER, "helpers", "UNUSED = 4", "UNUSED = 4\ndef more():\n    return 1\n"),
    hits("import added", HELPER, "helpers", "UNUSED = 4", "import json\nUNUSED = 4"),
    hits("imports reordered", HELPER, "stage", "from helpers import clean, SCALE as FACTOR\nimport helpers",
         "import helpers\nfrom helpers import SCALE as FACTOR, clean"),
    hits("alias of an import", HELPER, "stage", "SCALE as FACTOR", "SCALE as TIMES", "stage", "* FACTOR", "* TIMES"),
    hits("constant moved to another module", HELPER, "helpers", "SCALE = 3\n", "from deeper import SCALE\n",
         "deeper", "OFFSET = 1.0", "OFFSET = 1.0\nSCALE = 3"),
    hits("helper moved to another module", HELPER, "helpers", "def clean(value):\n    return inner(value) + 1\n", "",
         "helpers", "from deeper import inner", "from deeper import clean",
         "deeper", "OFFSET = 1.0", "OFFSET = 1.0\n\ndef clean(value):\n    return inner(value) + 1\n"),
    hits("method through a package", PACKAGED, "helper", "from pack.kinds import Kind", "import pack.kinds", "helper", "Kind.of", "pack.kinds.Kind.of"),
    hits("helper taken from another module", HELPER, "stage", "import helpers\n", "import helpers\nfrom helpers import shift\n",
         "stage", "helpers.shift(value)", "shift(value)"),
    misses("first of two lambdas on a line", LAMBDAS, "stage", "x * 1", "x * 5"),
    hits("second of two lambdas on a line", LAMBDAS, "stage", "x * 2", "x * 5"),
    misses("lambda in a list of two", LAMBDAS, "stage", "lambda x: x + 2", "lambda x: x + 5"),
    hits("lambda that is not used", LAMBDAS, "stage", "lambda: 3", "lambda: 4"),
    misses("nested function", NESTED, "stage", "total += value", "total -= value"),
    misses("comprehension", NESTED, "stage", "value * value", "value + value"),
    misses("condition of a comprehension", NESTED, "stage", "value > 1", "value > 2"),
    misses("comprehension of a dict", NESTED, "stage", "[key] for", "(key,) for"),
    misses("f-string", NESTED, "stage", "{total:>5}", "{total:>6}"),
    misses("conversion in an f-string", NESTED, "stage", "squares!r", "squares!s"),
    misses("walrus", NESTED, "stage", "len(data)) > 2", "len(data)) > 3"),
    misses("class in a function", NESTED, "stage", "size: int = 3", "size: int = 4"),
    misses("method of a class in a function", NESTED, "stage", "self.size + total", "self.size - total"),
    misses("sort key", NESTED, "stage", "-one", "+one"),
    hits("docstring of a nested function", NESTED, "stage", "'''Add.'''", "'''Add it.'''"),
    hits("docstring of a class in a function", NESTED, "stage", "'''A box.'''", "'''A big box.'''"),
    hits("annotations of a nested function", NESTED, "stage", "add(value: int) -> int", "add(value: 'float')"),
    hits("names of shared variables", NESTED, "stage", "total", "a_sum"),
    hits("name of a nested function", NESTED, "stage", "add", "zadd"),
    hits("stage moved down in its file", NESTED, "stage", "def train", "def other():\n    return 5\n\n\ndef train"),
    misses("what a decorator's wrapper does", DECORATED, "decorators", "note(function(*args))", "function(*args)"),
    misses("what a decorator's wrapper calls", DECORATED, "decorators", "return value", "return value + 1"),
    misses("what is decorated", DECORATED, "stage", "x + 1", "x + 2"),
    misses("argument of a decorator", DECORATED, "stage", "repeated(3)", "repeated(4)"),
    misses("decorator taken away", DECORATED, "stage", "@timed\n", ""),
    misses("order of decorators", DECORATED, "stage", "@timed\n@repeated(3)", "@repeated(3)\n@timed"),
    hits("decorator renamed", DECORATED, "stage", "timed", "clocked", "decorators", "timed", "clocked"),
    misses("argument of a partial", WRAPPERS, "stage", "exponent=2", "exponent=3"),
    misses("function of a partial", WRAPPERS, "stage", "base ** exponent", "base * exponent"),
    misses("function with a cache", WRAPPERS, "stage", "x + 1", "x + 3"),
    misses("size of a cache", WRAPPERS, "stage", "maxsize=10", "maxsize=11"),
    misses("default of a generic function", WRAPPERS, "stage", '"other"', '"another"'),
    misses("variant by annotation", WRAPPERS, "stage", 'return "int"', 'return "integer"'),
    misses("type of a variant", WRAPPERS, "stage", "(x: int)", "(x: float)"),
    misses("variant by argument", WRAPPERS, "stage", 'return "str"', 'return "text"'),
    misses("generator behind a context manager", WRAPPERS, "stage", "yield x + 2", "yield x + 3"),
    misses("cells of a composition", WRAPPERS, "stage", "compose(square, cached)", "compose(cached, square)"),
    misses("argument of an itemgetter", WRAPPERS, "stage", "itemgetter(0)", "itemgetter(-1)"),
    hits("partial renamed", WRAPPERS, "stage", "square", "squared"),
    misses("range of a loop", FLOW, "stage", "x < 10", "x < 11"),
    misses("continue for break", FLOW, "stage", "            break", "            continue"),
    misses("comparison", FLOW, "stage", "x == 8", "x != 8"),
    misses("negation", FLOW, "stage", "if x % 2", "if not x % 2"),
    misses("pattern of a match", FLOW, "stage", '"kind": "a"', '"kind": "b"'),
    misses("guard of a match", FLOW, "stage", "size > 3", "size >= 3"),
    misses("star in a pattern", FLOW, "stage", "[first, *rest]", "[*rest, first]"),
    misses("exception that is caught", FLOW, "stage", "except ZeroDivisionError", "except ArithmeticError"),
    misses("finally", FLOW, "stage", "        x = 0\n", "        x = 1\n"),
    misses("generator", FLOW, "stage", "yield i", "yield -i"),
    misses("generator for a function", FLOW, "stage", "yield i", "return [i]"),
    misses("coroutine", FLOW, "stage", "return await y", "return y"),
    hits("layout of branches", FLOW, "stage", "        if x % 2:\n            continue\n", "        if x % 2: continue\n"),
]  # fmt: skip
