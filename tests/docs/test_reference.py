"""docs/reference: every public name has its place there, with the signature that it has, and examples that run."""

import ast
import dataclasses
import inspect
import re
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import foundations
from tests.docs.drivers import ran
from tests.docs.reference import FOLDER, PAGES, driver, entries, parsed, printed

ENTRIES = {entry.name: entry for entry in entries()}


def methods() -> Iterator[str]:
    """Yield the names of the public methods and properties that our public classes define."""
    for name in foundations.__all__:
        value = getattr(foundations, name)
        if inspect.isclass(value):
            for method, kind in vars(value).items():
                if method[0] != "_" and isinstance(kind, staticmethod | classmethod | property | Callable):
                    yield f"{name}.{method}"


PUBLIC = [*foundations.__all__, *methods()]


def found(name: str) -> Any:
    value: Any = foundations
    for part in name.split("."):
        value = inspect.getattr_static(value, part) if inspect.isclass(value) else getattr(value, part)
    return value


def function_of(name: str) -> Callable[..., Any] | None:
    """Return the function whose signature is a name's, or None where a class is not made by calling it as a user."""
    value = found(name)
    if inspect.isclass(value):
        return value.__init__ if "__init__" in vars(value) and not issubclass(value, BaseException) else None
    if isinstance(value, property):
        return value.fget
    return inspect.unwrap(getattr(value, "__func__", value))


def parameters(name: str) -> list[inspect.Parameter]:
    """Return what a caller gives: a method's own object is not among it."""
    value, function = found(name), function_of(name)
    if function is None:
        return list(inspect.signature(value).parameters.values())
    bound = (inspect.isclass(value) or "." in name) and not isinstance(value, staticmethod)
    return list(inspect.signature(function).parameters.values())[bound:]


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_typed_throughout_and_documented(name: str) -> None:
    value = found(name)
    assert inspect.getdoc(getattr(value, "__func__", value))
    function = function_of(name)
    if function is None:
        return
    signature = inspect.signature(function)
    assert signature.return_annotation is not inspect.Signature.empty
    assert [one.name for one in parameters(name) if one.annotation is inspect.Parameter.empty] == []


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_has_an_entry_that_tells_what_it_gives(name: str) -> None:
    assert name in ENTRIES, f"docs/reference has no entry {name}"
    assert len(ENTRIES[name].prose.split()) >= 3


def test_no_name_has_two_entries_and_none_is_of_what_is_not_there() -> None:
    names = Counter(entry.name for entry in entries())
    assert [name for name, count in names.items() if count > 1] == []
    assert sorted(names.keys() - set(PUBLIC)) == []


def source_of(name: str) -> ast.FunctionDef:
    """Return the definition of a name, as it is written."""
    value = found(name)
    if inspect.isclass(value) and dataclasses.is_dataclass(value):
        return parsed(f"{name}{inspect.signature(value)}")
    function = function_of(name)
    assert function
    [definition] = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    return definition


def described(arguments: ast.arguments) -> list[tuple[str, str, str]]:
    """Return how each parameter is passed, its name and its type."""
    kinds = {
        "positional": [*arguments.posonlyargs, *arguments.args],
        "*": [arguments.vararg],
        "by keyword": arguments.kwonlyargs,
        "**": [arguments.kwarg],
    }
    parameters = [(kind, one) for kind, some in kinds.items() for one in some if one]
    return [(kind, one.arg, type_of(one.annotation)) for kind, one in parameters]


def type_of(annotation: ast.expr | None) -> str:
    """Return a type as it is written, but for quotes, which names have that are not imported."""
    return ast.unparse(annotation).replace("'", "") if annotation else ""


def said_defaults(arguments: ast.arguments) -> dict[str, str]:
    """Return what an entry says that parameters are where they are left out."""
    positional = [*arguments.posonlyargs, *arguments.args]
    pairs = list(zip(reversed(positional), reversed(arguments.defaults), strict=False))
    pairs += [(one, value) for one, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if value]
    return {one.arg: ast.unparse(value) for one, value in pairs}


def has_signature(name: str) -> bool:
    """Tell whether users call what has this name; some classes they only get."""
    value = found(name)
    called = not inspect.isclass(value) or bool(ENTRIES[name].signature if name in ENTRIES else False)
    return called and not isinstance(value, property)


@pytest.mark.parametrize("name", [name for name in PUBLIC if has_signature(name)])
def test_the_signature_in_an_entry_is_the_one_in_the_code(name: str) -> None:
    text = ENTRIES[name].signature
    assert text, f"the entry {name} shows no signature"
    said, source = parsed(text), source_of(name)
    assert said.name == name.rpartition(".")[2]
    real = parameters(name)
    assert described(said.args) == [one for one in described(source.args) if one[1] in {given.name for given in real}]
    assert inspect.isclass(found(name)) or type_of(said.returns) == returned(source)
    defaults = {one.name: one.default for one in real if one.default is not one.empty}
    told = said_defaults(said.args)
    assert told.keys() == defaults.keys()
    # what stands for "not given" in the code is shown as ...
    assert [one for one, text in told.items() if text != "..." and ast.literal_eval(text) != defaults[one]] == []


def returned(function: ast.FunctionDef) -> str:
    """Return what a caller gets, who sees a context manager where the code says an iterator."""
    text = type_of(function.returns)
    decorators = [ast.unparse(one) for one in function.decorator_list]
    return text.replace("Iterator", "AbstractContextManager") if "contextmanager" in decorators else text


def test_the_index_leads_from_every_public_name_to_its_entry() -> None:
    index = (FOLDER / "README.md").read_text()
    for name in foundations.__all__:
        anchor = name.lower()
        assert f"[`{name}`]({ENTRIES[name].page}#{anchor})" in index


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


def test_every_link_into_a_page_leads_to_a_title_there() -> None:
    links = [
        (page.name, target or page.name, anchor)
        for page in FOLDER.glob("*.md")
        for target, anchor in re.findall(r"\]\(([\w.]*)#([^)]+)\)", page.read_text())
    ]
    assert len(links) > len(foundations.__all__)
    assert [link for link in links if link[2] not in anchors(FOLDER / link[1])] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_of_a_page_run_and_print_what_they_say(page: Path, tmp_path: Path) -> None:
    code = driver(page)
    done = ran(code, tmp_path, home=tmp_path.with_name(f"{tmp_path.name}-home"))
    patterns = [".*".join(re.escape(part) for part in line.split("...")) for line in printed(code)]
    assert len(patterns) >= 3
    said = done.stdout.splitlines()
    for pattern in patterns:
        while said and not re.fullmatch(pattern, said[0]):
            said.pop(0)
        assert said, f"nothing printed matches {pattern}\n{done.stdout}"
        said.pop(0)
