"""The words of a piece of code: the names that it uses, whatever they stand for."""

from functools import lru_cache
from types import CodeType

Words = frozenset[str]


@lru_cache(maxsize=1000)
def words_in(codes: frozenset[CodeType]) -> Words:
    """Return the names that code uses, and those of what is defined in it."""
    found: set[str] = set()
    for code in codes:
        found.update(code.co_names)
        found |= words_in(frozenset(one for one in code.co_consts if isinstance(one, CodeType)))
    return frozenset(found)
