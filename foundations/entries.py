"""Entries of the cache as the worker sees them, and what it asks of whoever has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from foundations.graph import Call

Place = Literal["first", "beside", "instead"]
# "served": from the cache; "skipped": only served stages need it; "runs"; "depends": runs, unless what it takes comes
# to the same again
Fate = Literal["served", "skipped", "runs", "depends"]


@dataclass(frozen=True)
class Question:
    """What a stage may be cached under, the better key first."""

    call: Call
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Hit:
    """An entry of the cache: who made it, by what its result counts, and what that run read and how long it took.

    It is `accepted` where that run had other code.
    """

    name: str
    job_id: str
    content: str | None = None
    made: float = 0.0
    observed: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    accepted: bool = False


@dataclass(frozen=True)
class Claim:
    """What a stage shall do that wants to compute a key: do so, `look` for an entry again, or wait for a `job`.

    One to look for came `after` a generation of the key's lease, whose holder is `dead` or was done with it.
    """

    then: Literal["compute", "look", "wait"]
    job: str | None = None
    after: int | None = None
    dead: bool = False


class Entries(Protocol):
    """Where the entries of the cache are."""

    def expected(self) -> Mapping[str, Mapping[str, Hit]]:
        """Return entries that stages may ask for, by stage and name: no promise, but as `find` would give them."""

    def find(self, questions: Sequence[Question], *, beside: bool) -> list[list[Hit]]:
        """Return for each question the entries under its keys, or `beside` these, the best first."""

    def take(self, hits: Sequence[tuple[Call, Hit]]) -> list[bool]:
        """Say that stages are served from these entries; tell of each whether all that it names is there."""

    def load(self, call: Call) -> tuple[bool, Any]:
        """Return True and the result of a stage that is served, or False where it can't be had after all."""

    def claim(self, call: Call, key: str, *, looked: int | None, waits: bool) -> Claim:
        """Return what a stage shall do that wants to compute a key, having `looked` after a generation of its lease.

        One that no longer `waits` computes in any case.
        """
