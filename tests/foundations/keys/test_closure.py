"""What closures say beside their digest: parts, reasons, refusals, and which code they cover."""

import gc
import pickle
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from textwrap import dedent
from typing import Any

import cloudpickle
import pytest

from foundations.keys import closure
from foundations.keys.closure import Closure, Closures
from foundations.keys.no_identity import Refused
from foundations.keys.user_code import UserCode
from foundations.keys.values import value_digest
from tests.foundations.keys.projects import Digester, digester, write

Load = Callable[..., Any]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Load]:
    """Return what writes a project's files, and imports its `stage`."""
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))

    def load(text: str, **modules: str) -> Any:
        write(tmp_path, {f"{name}.py": dedent(each) for name, each in {**modules, "stage": text}.items()})
        return import_module("stage")

    yield load
    for name in set(sys.modules) - before:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def closures(tmp_path: Path) -> Closures:
    return Closures(UserCode(tmp_path))


def test_parts_name_everything_that_is_reached(load: Load, closures: Closures) -> None:
    stage = load(
        """
        import tools
        SCALE = 3

        class Net:
            rate = 0.5

        def train(x):
            return tools.clean(x) * SCALE, Net()
        """,
        tools="def clean(x):\n    # tidy\n    return x\n\n\nprint('imported')\n",
    )
    parts = {part.name: part for part in closures.of(stage.train).parts}
    assert set(parts) == {
        "stage.train", "tools.clean", "stage.SCALE", "class stage.Net", "class stage.Net.rate", "top level of tools",
    }  # fmt: skip
    assert parts["tools.clean"].source == "def clean(x):\n    # tidy\n    return x\n"
    assert parts["tools.clean"].file == "tools.py"
    assert parts["class stage.Net"].source == "class Net:\n    rate = 0.5\n"
    assert (parts["stage.SCALE"].kind, parts["stage.SCALE"].source) == ("constant", "3")
    assert parts["top level of tools"].source == "print('imported')\n"


def test_only_the_part_that_has_changed_has_another_digest(load: Load, closures: Closures, tmp_path: Path) -> None:
    text = "import tools\n\n\ndef train(x):\n    return tools.clean(x), tools.shift(x)\n"
    stage = load(text, tools="LIMIT = 3\n\ndef clean(x):\n    return x\n\ndef shift(x):\n    return x + LIMIT\n")
    before = {part.name: part.digest for part in closures.of(stage.train).parts}
    for name in ("stage", "tools"):
        del sys.modules[name]
    (tmp_path / "tools.py").write_text(
        "LIMIT = 4\n\ndef clean(x):\n    return -x\n\ndef shift(x):\n    return x + LIMIT\n"
    )
    import_module("importlib").invalidate_caches()
    sys.dont_write_bytecode, kept = True, sys.dont_write_bytecode
    stage = import_module("stage")
    sys.dont_write_bytecode = kept
    after = {part.name: part.digest for part in Closures(UserCode(tmp_path)).of(stage.train).parts}
    assert {name for name in after if before[name] != after[name]} == {"tools.LIMIT", "tools.clean"}


REFUSED = {
    "rebinds a global": ("COUNT = 0\ndef train():\n    global COUNT\n    COUNT += 1\n", "rebinds the global COUNT"),
    "deletes a global": ("COUNT = 0\ndef train():\n    global COUNT\n    del COUNT\n", "rebinds the global COUNT"),
    "a helper rebinds": (
        "STATE = None\ndef get():\n    global STATE\n    STATE = 1\ndef train():\n    return get()\n",
        "stage.get rebinds the global STATE",
    ),
    "rebinds a shared variable": (
        """
def make():
    n = 0
    def inner():
        nonlocal n
        n += 1
        return n
    return inner

train = make()
""",
        "rebinds n of the function around it",
    ),
    "sets what a module has": ("import tools\ndef train():\n    tools.LIMIT = 3\n", "sets tools.LIMIT"),
    "sets through globals()": ("def train():\n    globals()['A'] = 3\n", "sets a global through globals()"),
    "open file": ("FILE = open(__file__)\ndef train():\n    return FILE.read()\n", "stage.FILE is of type"),
    "generator": (
        "ITEMS = (i for i in range(3))\ndef train():\n    return next(ITEMS)\n",
        "stage.ITEMS is of type generator",
    ),
    "file in a dict": (
        "HELD = {'a': [open(__file__)]}\ndef train():\n    return HELD\n",
        "stage.HELD['a'][0] is of type",
    ),
}


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("name", REFUSED)
def test_what_can_not_be_cached_is_refused_by_name(name: str, load: Load, closures: Closures) -> None:
    text, why = REFUSED[name]
    stage = load(text, tools="LIMIT = 1\n")
    found = closures.of(stage.train)
    for held in (getattr(stage, "FILE", None), getattr(stage, "HELD", {"a": [None]})["a"][0]):
        if held is not None:
            held.close()
    assert found.refused is not None
    assert why in found.refused
    assert "; " in found.refused  # what can be done


COARSE = {
    "getattr": ("def train(n):\n    return getattr(tools, n)\n", "stage.train uses the module tools as a value"),
    "eval": ("def train(n):\n    return eval(n)\n", "stage.train uses builtins.eval"),
    "import_module": (
        "import importlib\ndef train(n):\n    return importlib.import_module(n)\n",
        "importlib.import_module",
    ),
    "alias": (
        "from importlib import import_module as load\ndef train(n):\n    return load(n)\n",
        "importlib.import_module",
    ),
    "inside": ("def train(n):\n    import importlib as i\n    return i.import_module(n)\n", "importlib.import_module"),
    "in a table": ("TABLE = {'e': eval}\ndef train(n):\n    return TABLE['e'](n)\n", "builtins.eval"),
    "globals": ("def train(n):\n    return globals()[n]\n", "stage.train calls globals()"),
    "__import__": ("def train(n):\n    return __import__(n)\n", "builtins.__import__"),
    "runpy": ("import runpy\ndef train(n):\n    return runpy.run_path(n)\n", "runpy.run_path"),
    "pkgutil": ("import pkgutil\ndef train(n):\n    return list(pkgutil.iter_modules())\n", "pkgutil.iter_modules"),
    "pickle": ("import pickle\ndef train(n):\n    return pickle.loads(n)\n", "uses _pickle.loads"),
    "modules": ("import sys\ndef train(n):\n    return sys.modules[n]\n", "sys.modules"),
}


@pytest.mark.parametrize("name", COARSE)
def test_what_can_not_be_followed_counts_coarsely_and_says_so(name: str, load: Load, closures: Closures) -> None:
    text, why = COARSE[name]
    found = closures.of(load(f"import tools\n{text}", tools="LIMIT = 1\n").train)
    assert found.refused is None
    assert any(why in reason for reason in found.coarse), found.coarse


def test_plain_code_is_neither_coarse_nor_refused(load: Load, closures: Closures) -> None:
    stage = load(
        """
        import threading, logging, weakref, contextvars, functools
        LOCK, LOCAL, LOG = threading.RLock(), threading.local(), logging.getLogger("a")
        WEAK, VARIABLE = weakref.WeakValueDictionary(), contextvars.ContextVar("a")
        HELD = {"lock": LOCK, "log": [LOG]}

        class Thing:
            lock = threading.Lock()

        def train(x):
            global threads
            import threading as threads
            with LOCK:
                return LOCAL, LOG, WEAK, VARIABLE, HELD, Thing
        """
    )
    found = closures.of(stage.train)
    assert (found.coarse, found.refused) == ((), None)


def test_files_that_code_names_are_told(load: Load, closures: Closures, tmp_path: Path) -> None:
    for name in ("a.parquet", "b.csv", "c.txt", "unused.txt"):
        (tmp_path / name).write_text("x")
    stage = load(
        """
        from pathlib import Path
        TABLE = "b.csv"
        HELD = {"path": [Path("c.txt")], "missing": "d.txt"}

        def train():
            return "a.parquet", TABLE, HELD

        def other():
            return "unused.txt"
        """
    )
    assert [Path(file).name for file in closures.of(stage.train).files] == ["a.parquet", "b.csv", "c.txt"]


def test_code_that_runs_is_covered_and_other_code_is_not(load: Load, closures: Closures) -> None:
    stage = load(
        """
        import tools

        def train(x):
            import late
            return [tools.clean(y) for y in x], (lambda: 3)(), late.go(x)
        """,
        tools="def clean(x):\n    return x\n\n\ndef unused(x):\n    return x\n",
        late="def go(x):\n    def inside():\n        return x\n    return inside()\n\n\ndef unused(x):\n    return x\n",
    )
    found = closures.of(stage.train)
    tools, late = sys.modules["tools"], import_module("late")
    for code in _codes(stage.train.__code__):
        assert found.covers(code)
    assert found.covers(tools.clean.__code__)
    assert found.covers(tools.clean.__code__.replace(co_firstlineno=7))
    assert not found.covers(tools.unused.__code__)
    assert all(found.covers(code) for code in _codes(late.go.__code__))
    assert not found.covers(late.unused.__code__)


def test_functions_that_differ_in_a_constant_alone_are_told_apart(load: Load, closures: Closures) -> None:
    model = load(
        """
        KEYS = {"one": lambda x: x + 1, "two": lambda x: x + 2}
        ONE, TWO = KEYS["one"], KEYS["two"]
        def stage(x):
            return ONE(x)
        """
    )
    found = closures.of(model.stage)
    assert found.covers(model.ONE.__code__.replace(co_firstlineno=9))
    assert not found.covers(model.TWO.__code__)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def test_nothing_that_users_classes_do_makes_it_raise(load: Load, closures: Closures) -> None:
    stage = load(
        """
        class Raises:
            def __getattr__(self, name):
                raise RuntimeError(name)
            def __eq__(self, other):
                raise RuntimeError
            def __hash__(self):
                raise RuntimeError
            def __bool__(self):
                raise RuntimeError
            @property
            def __class__(self):
                raise RuntimeError

        class Meta(type):
            def __getattribute__(cls, name):
                raise RuntimeError(name)
            def __eq__(cls, other):
                raise RuntimeError
            __hash__ = None

        class Odd(metaclass=Meta):
            pass

        class NoPickle:
            def __reduce_ex__(self, protocol):
                raise TypeError("no")

        ODD, BAD, CLOSED = Raises(), Odd, NoPickle()

        def odd():
            return ODD

        def bad():
            return BAD

        def closed():
            return CLOSED
        """
    )
    for function in (stage.odd, stage.bad, stage.closed):
        found = closures.of(function)
        assert isinstance(found, Closure)
    assert "stage.CLOSED is of type stage.NoPickle" in closures.of(stage.closed).coarse[0]


def test_callables_of_all_kinds_have_closures(load: Load, closures: Closures) -> None:
    stage = load(
        """
        import functools

        class Model:
            def __init__(self, depth):
                self.depth = depth
            def __call__(self, x):
                return x
            def fit(self, x):
                return self.depth

        def plain(x):
            return x

        CALLABLES = [plain, functools.partial(plain, 1), Model, Model(3), Model(4), Model(3).fit, len, str.upper,
                     functools.lru_cache(plain), lambda x: x + 1]
        """
    )
    digests = [closures.of(one).digest for one in stage.CALLABLES]
    assert all(digests)
    assert len(set(digests)) == len(digests)


def test_argument_values_count_user_code_by_its_closure(load: Load, closures: Closures) -> None:
    stage = load(
        """
        class Model:
            def fit(self):
                return 1

        class Counter:
            def count(self):
                global TOTAL
                TOTAL = 1

        def named(x):
            return x.__name__

        def plain(x):
            return x

        def same(x):
            return x
        """
    )
    code = closures.code_for(stage.plain, [])
    assert value_digest(stage.plain, code=code).digest == value_digest(stage.same, code=code).digest
    code = closures.code_for(stage.named, [])
    assert value_digest(stage.plain, code=code).digest != value_digest(stage.same, code=code).digest
    assert len(closures.of_class(stage.Model)) == 64
    with pytest.raises(TypeError, match=r"value\[0\].*rebinds the global TOTAL"):
        value_digest([stage.Counter()], code=code)
    with pytest.raises(Refused):
        closures.code(stage.Counter)


DRIVER = """
import pathlib, sys
import cloudpickle
from helpers import scale

FACTOR = 3

def near(x):
    return x + FACTOR

def train(x):
    return scale(near(x))

pathlib.Path(sys.argv[1]).write_bytes(cloudpickle.dumps(train))
"""


def _pickled(folder: Path, name: str, driver: str) -> tuple[Path, bytes]:
    root = write(folder, {"driver.py": driver, "helpers.py": "def scale(x):\n    return x * 2\n"})
    subprocess.run([sys.executable, str(root / "driver.py"), str(folder / name)], check=True, cwd=root)
    return root, (folder / name).read_bytes()


@pytest.mark.parametrize(
    ("change", "same"),
    [
        (("x + FACTOR", "x - FACTOR"), False),
        (("FACTOR = 3", "FACTOR = 4"), False),
        (("x + FACTOR", "x + FACTOR  # more"), True),
        (("near", "beside"), True),
        (("import cloudpickle", "import cloudpickle\nUNUSED = 1\n"), True),
    ],
)
def test_functions_of_the_driver_count_when_they_come_by_pickle(
    change: tuple[str, str], same: bool, tmp_path: Path
) -> None:
    digests = []
    for number, driver in enumerate([DRIVER, DRIVER, DRIVER.replace(*change)]):
        root, pickled = _pickled(tmp_path / f"in{number}", "pickled.bin", driver)
        with digester(number) as process:
            digests.append(process.digest(root, pickled=pickled)["digest"])
    assert digests[0] == digests[1]
    assert (digests[0] == digests[2]) is same


def test_driver_functions_are_the_same_with_and_without_their_file(load: Load, closures: Closures) -> None:
    stage = load("LIMIT = 3\n\ndef train(x):\n    return x + LIMIT\n")
    cloudpickle.register_pickle_by_value(stage)
    try:
        travelled = pickle.loads(cloudpickle.dumps(stage.train))
    finally:
        cloudpickle.unregister_pickle_by_value(stage)
    assert closures.of(travelled).digest == closures.of(stage.train).digest


def test_extension_of_the_project_counts_by_its_content(tmp_path: Path) -> None:
    import _heapq as compiled  # any extension will do, as long as it is a file of its own

    file = getattr(compiled, "__file__", None)
    if file is None:
        pytest.skip("this Python has _heapq built in")
    copied = Path(file).name.replace("_heapq", "_heapq")
    digests = []
    for tail in (b"", b"", b"more"):
        root = write(
            tmp_path / f"in{len(digests)}", {"stage.py": "import _heapq\ndef train(x):\n    return _heapq.heapify(x)\n"}
        )
        (root / copied).write_bytes(Path(file).read_bytes() + tail)
        with digester(len(digests)) as process:
            digests.append(process.digest(root)["digest"])
    assert digests[0] == digests[1] != digests[2]


def test_order_in_which_closures_are_asked_for_does_not_matter(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "stage.py": dedent(
                """
                TABLE = {}
                def a(n): return TABLE["b"](n - 1) if n else c(n)
                def b(n): return TABLE["a"](n)
                def c(n): return d, TABLE
                def d(n): return c
                TABLE.update(a=a, b=b)
                SET = {a, c, len}
                def e(n): return SET, f
                def f(n): return e, d
                """
            )
        },
    )
    names = [f"stage:{name}" for name in "abcdef"]
    answers: list[dict[str, Any]] = []
    for seed, order in ((1, names), (2, names[::-1])):
        with digester(seed) as process:
            answers.append(dict(zip(order, process.digest(root, *order)["digests"], strict=True)))
            alone = {name: process.digest(root, name)["digest"] for name in order}
            answers.append(alone)
    assert all(answer == answers[0] for answer in answers)
    assert len(set(answers[0].values())) == len(names)


@pytest.fixture(scope="module")
def process() -> Iterator[Digester]:
    with digester(3) as one:
        yield one


def test_chain_of_a_thousand_functions_is_followed(process: Digester, tmp_path: Path) -> None:
    def text(last: str) -> str:
        lines = [f"def f{n}(x):\n    return f{n + 1}(x)\n" for n in range(1500)]
        return "".join([*lines, f"def f1500(x):\n    return {last}\n"])

    one = process.digest(write(tmp_path / "one", {"stage.py": text("1")}), "stage:f0")
    two = process.digest(write(tmp_path / "two", {"stage.py": text("2")}), "stage:f0")
    assert one["digest"] != two["digest"]
    assert len(one["parts"]) == 1501


def test_circle_of_a_thousand_functions_is_followed(process: Digester, tmp_path: Path) -> None:
    def text(odd: str) -> str:
        lines = [f"def f{n}(x):\n    return f{(n + 1) % 1000}(x)\n" for n in range(1000)]
        lines[500] = lines[500].replace("(x)\n", f"({odd})\n").replace(f"def f500({odd})", "def f500(x)")
        return "".join([*lines, "SET = {f0, f10}\ndef train(x):\n    return SET\n"])

    one = process.digest(write(tmp_path / "one", {"stage.py": text("x + 1")}))
    two = process.digest(write(tmp_path / "two", {"stage.py": text("x + 2")}))
    assert one["digest"] != two["digest"]


def test_registries_that_hold_their_users_are_walked_once(process: Digester, tmp_path: Path) -> None:
    lines = ["A, B, C = {}, {}, {}\n"]
    lines += [f"def f{n}(x):\n    return A[x], B[x], C[x], {n}\n" for n in range(300)]
    lines += [f"{name}.update({{n: globals()[f'f{{n}}'] for n in range(300)}})\n" for name in "ABC"]
    answer = process.digest(write(tmp_path, {"stage.py": "".join(lines)}), *(f"stage:f{n}" for n in range(0, 300, 30)))
    assert len(set(answer["digests"])) == 10
    assert answer["digests"] == answer["backwards"]


def test_globals_that_have_changed_are_found_by_looking_again(load: Load, closures: Closures) -> None:
    stage = load(
        """
        CONFIG = {"lr": 1}

        class Settings:
            depth = 1

        def train(x):
            return CONFIG, Settings.depth
        """
    )
    before = closures.of(stage.train)
    assert closures.again().of(stage.train).digest == before.digest
    stage.CONFIG["lr"] = 2
    after = closures.again().of(stage.train)
    assert closures.of(stage.train) is before
    old = {part.name: part.digest for part in before.parts}
    assert [part.name for part in after.parts if old[part.name] != part.digest] == ["stage.CONFIG"]
    stage.Settings.depth = 2
    assert closures.again().of(stage.train).digest != after.digest


def test_stages_that_call_stages_count_what_these_stand_for(load: Load, closures: Closures) -> None:
    stage = load(
        """
        from foundations import create_stage

        def plain(x):
            return x + 1

        @create_stage
        def inner(x):
            return x + 1

        def calls_plain(x):
            return plain(x)

        def calls_stage(x):
            return inner(x)
        """
    )
    assert closures.of(stage.calls_stage).digest == closures.of(stage.calls_plain).digest
    assert closures.of(stage.inner).digest == closures.of(stage.plain).digest


def test_objects_of_libraries_are_told_by_their_content(load: Load, closures: Closures) -> None:
    stage = load(
        """
        import numpy
        import pandas

        RANDOM = numpy.random.default_rng(3)
        WEIGHTS = numpy.arange(10)
        TABLE = pandas.DataFrame({"a": [1, 2]})

        def train(x):
            return RANDOM.random(), WEIGHTS * numpy.pi, TABLE
        """
    )
    found = closures.of(stage.train)
    assert (found.coarse, found.refused) == ((), None)
    stage.TABLE.loc[0, "a"] = 3
    assert closures.again().of(stage.train).digest != found.digest


def test_threads_that_ask_at_the_same_time_get_the_same_answers(load: Load, tmp_path: Path) -> None:
    lines = [f"def f{n}(x):\n    return f{(n * 7 + 1) % 200}(x), f{(n * 3 + 2) % 200}\n" for n in range(200)]
    stage = load("".join(lines))
    functions = [getattr(stage, f"f{n}") for n in range(200)]
    alone = Closures(UserCode(tmp_path))
    expected = [alone.code(function) for function in functions]
    for _ in range(3):
        together = Closures(UserCode(tmp_path))
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(together.code, functions)) == expected


@pytest.mark.parametrize("collects", [True, False])
@pytest.mark.parametrize("frozen", [True, False])
def test_garbage_collector_is_left_as_it_was(
    collects: bool, frozen: bool, load: Load, closures: Closures, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closure, "_MANY", 0)
    stage = load("def train(x): return x")
    (gc.enable if collects else gc.disable)()
    try:
        if frozen:
            gc.freeze()
        assert closures.of(stage.train).digest
        assert gc.isenabled() == collects
        assert (gc.get_freeze_count() > 1_000) == frozen
    finally:
        gc.unfreeze()
        gc.enable()


def test_what_a_top_level_gives_to_libraries_is_covered(load: Load, closures: Closures) -> None:
    stage = load(
        """
        import copyreg
        import json

        def encode(self, value):
            return rest(value)

        def rest(value):
            return "1"

        class Encoder(json.JSONEncoder):
            pass

        json.JSONEncoder.extra = encode

        def train(x):
            return x.extra()
        """
    )
    found = closures.of(stage.train)
    assert found.covers(stage.encode.__code__)
    assert found.covers(stage.rest.__code__)
    del stage.json.JSONEncoder.extra
