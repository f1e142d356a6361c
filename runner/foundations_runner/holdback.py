"""Events in the order in which things happened, though the ends of some stages come another way than the notes."""

from collections.abc import Iterable
from typing import Any

from foundations_archive.records import StageSpec

Event = tuple[str, dict[str, Any]]


class Holdback:
    """Keeps a stage's events back until the ends of all stages that it follows have come.

    A stage whose result is kept ends with the message behind that result, and what comes after it is noted meanwhile.
    """

    def __init__(self, stages: Iterable[StageSpec]) -> None:
        self._parents = {stage.id: stage.parents for stage in stages}
        self._ended: set[str] = set()
        self._held: list[Event] = []

    def ended(self, stage: str) -> None:
        """Take note that the end of a stage has come."""
        self._ended.add(stage)

    def let_through(self, events: Iterable[Event]) -> list[Event]:
        """Return what may be written down now, of what was held back and of `events`, in that order."""
        self._held += events
        for place, (kind, fields) in enumerate(self._held):
            if kind == "stage started" and not self._ended.issuperset(self._parents.get(fields["stage"], ())):
                ready, self._held = self._held[:place], self._held[place:]
                return ready
            if kind == "stage ended":
                self._ended.add(fields["stage"])
        return self.rest()

    def rest(self) -> list[Event]:
        """Return what is still held back: nothing more will come."""
        rest, self._held = self._held, []
        return rest
