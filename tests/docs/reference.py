"""What docs/reference says: its entries, the signatures that they show, and the examples."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.name != "README.md")

_TITLE = re.compile(r"^##+ `([\w.]+)`$", re.MULTILINE)
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_PRINTED = re.compile(r"^\s*print\(.*\)  # (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Entry:
    """What a page says of one name."""

    name: str
    page: str
    text: str

    @property
    def signature(self) -> str | None:
        """The signature that is shown, as it is written."""
        return next((code for language, code in _BLOCK.findall(self.text) if language == "py"), None)

    @property
    def prose(self) -> str:
        """What stands between the code."""
        return _BLOCK.sub("", self.text)

    @property
    def example(self) -> str:
        """The code that a reader may paste."""
        return "\n\n".join(code for language, code in _BLOCK.findall(self.text) if language == "python")


def entries() -> Iterator[Entry]:
    """Yield the entries of every page, in their order."""
    for page in PAGES:
        _, *parts = _TITLE.split(page.read_text())
        for name, text in zip(parts[::2], parts[1::2], strict=True):
            yield Entry(name, page.name, text.split("\n## ")[0])


def driver(page: Path) -> str:
    """Return a page's examples, one below the other, as a driver."""
    return "\n\n".join(code for language, code in _BLOCK.findall(page.read_text()) if language == "python")


def printed(code: str) -> list[str]:
    """Return what the comments behind the prints of an example say that these print."""
    return _PRINTED.findall(code)


def parsed(signature: str) -> ast.FunctionDef:
    """Return a signature as it is written in a page, as code."""
    [function] = ast.parse(f"def {signature.strip()}: ...").body
    assert isinstance(function, ast.FunctionDef)
    return function
