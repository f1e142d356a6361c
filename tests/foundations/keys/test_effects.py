"""Which statements of a module's top level change what is not the module's own."""

import ast
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from foundations.keys.changing import Changing
from foundations.keys.effects import Effects
from foundations.keys.module_source import Sources
from foundations.keys.user_code import UserCode

HELPERS = """
import decimal
import functools
import mimetypes

def sets_attribute():
    decimal.getcontext().prec = 5
    return 1

def sets_by_a_local():
    context = decimal.getcontext()
    context.prec = 5

def sets_item():
    mimetypes.types_map['.x'] = 'a/b'

def calls_another():
    return sets_item()

def makes():
    made = Config()
    made.size = 1
    table = {}
    table['a'] = made
    return table

def decorates(function):
    @functools.wraps(function)
    def wrapper():
        wrapper.calls += 1
        return function()
    wrapper.calls = 0
    function.is_known = True
    return wrapper

def with_context(digits):
    decimal.getcontext().prec = digits
    return lambda function: function

class Config:
    def apply(self):
        decimal.getcontext().prec = 5
        return self
    def keep(self):
        self.size = 2
        return self

def applies():
    return Config().apply()
"""
EFFECTS = r"""
X = sets_attribute()
X = sets_by_a_local()
X = sets_item()
X = calls_another()
X = applies()
X = Config().apply()
X = [sets_item() for _ in range(2)]
X = decimal.getcontext().__setattr__('prec', 5)
decimal.getcontext().prec = 5
def f(x=sets_item()): pass
def f(*, x=sets_item()): pass
@with_context(5)\ndef f(): pass
class A:\n    decimal.getcontext().prec = 5
class A:\n    x = sets_item()
class A:\n    def f(self, x=sets_item()): pass
class A:\n    @with_context(5)\n    def f(self): pass
""".strip().splitlines()
NONE = r"""
X = makes()
X = Config()
X = Config().keep()
X = decimal.Decimal(1)
def f(x=makes()): pass
@decorates\ndef f(): pass
class A:\n    x = makes()\n    y = Config()
class A:\n    @property\n    def x(self): pass\n    @x.setter\n    def x(self, v): pass
class A:\n    options = functools.partial(makes)\n    Config = dict(a=1)
""".strip().splitlines()

Has = Callable[[str], bool]


@pytest.fixture(scope="module")
def has_effect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Has]:
    root = tmp_path_factory.mktemp("effects")
    (root / "effects_helpers.py").write_text(HELPERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(root))
        module = importlib.import_module("effects_helpers")
        code = UserCode(root)
        effects = Effects(vars(module), code, Changing(code, Sources()))
        yield lambda text: effects.has(ast.parse(text).body[0])
        del sys.modules["effects_helpers"]


@pytest.mark.parametrize("text", EFFECTS)
def test_what_reaches_a_library_has_an_effect(has_effect: Has, text: str) -> None:
    assert has_effect(text.replace(r"\n", "\n"))


@pytest.mark.parametrize("text", NONE)
def test_what_only_makes_things_of_the_module_has_none(has_effect: Has, text: str) -> None:
    assert not has_effect(text.replace(r"\n", "\n"))


def test_a_function_without_a_source_is_told_by_its_names(has_effect: Has, tmp_path: Path) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    exec("import warnings\ndef f():\n    warnings.simplefilter('error')\ndef g():\n    return 1", namespace)
    changing = Changing(UserCode(tmp_path), Sources())
    assert changing.reached_by(namespace["f"])
    assert not changing.reached_by(namespace["g"])
