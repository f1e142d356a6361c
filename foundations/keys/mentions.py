"""Texts in code that may name files, for those who open what they name unseen."""

import re

from foundations.keys.named_files import is_named, named_folder
from foundations.keys.nodes import Node

_LONGEST_NAME = 255
_LONGEST_QUERY = 10_000
# within a query or a command: attach 'rows.sqlite' as rows
_QUOTED = re.compile(r"['\"]([^'\"\n]+[./][^'\"\n]+)['\"]")
_MAGIC = frozenset("*?[")


class Mentions:
    """The texts of a job's functions, as far as these may name files."""

    def __init__(self) -> None:
        # what only names files for libraries that read folders and patterns unseen, by who says it
        self._words: dict[Node, list[str]] = {}
        self._read_unseen: set[Node] = set()

    def add(self, holder: Node, text: str) -> None:
        """Take note of a text: what it names counts for `holder`."""
        # a word alone, as keys and messages are, is hardly ever a file's name
        is_word = "." not in text and "/" not in text
        if holder.kind == "function" and len(text) <= _LONGEST_NAME and (is_word or not _MAGIC.isdisjoint(text)):
            self._words.setdefault(holder, []).append(text)
        if is_word:
            return
        quoted = _QUOTED.findall(text) if ("'" in text or '"' in text) and len(text) <= _LONGEST_QUERY else ()
        for name in (text, *quoted):
            if len(name) <= _LONGEST_NAME and "\n" not in name and "\0" not in name and is_named(name, words=False):
                holder.files = (*holder.files, name)

    def reads_unseen(self, holder: Node) -> None:
        """Take note that a function uses a library that opens the files of folders, or what fits a pattern, unseen."""
        self._read_unseen.add(holder)

    def settle(self, holder: Node) -> None:
        """Count what the words of a function name, once all of it is known."""
        words = self._words.pop(holder, [])
        if holder in self._read_unseen:
            holder.files = (*holder.files, *(name for text in words if (name := named_folder(text)) is not None))
