"""What a courier writes, as its driver takes it in: events, one line each, and words beside them."""

import json
from collections.abc import Callable
from typing import Any

from foundations_runner import cause
from foundations_runner.host import Ending

_LAST_WORDS = 20


class Follower:
    """Hands on the events of a courier as they come, and keeps what it says beside them, as where it fails."""

    def __init__(self, on_event: Callable[[dict[str, Any]], None]) -> None:
        self._on_event = on_event
        self._rest = b""
        self._words = b""

    def take(self, stream: str, chunk: bytes) -> bool:
        """Take in a piece of the courier's output, and tell whether it completed an event."""
        if stream == "stderr":
            self._words += chunk
            return False
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        # at once: it is several times as fast
        for event in json.loads(b"[%b]" % b",".join(lines)):
            self._on_event(event)
        return bool(lines)

    @property
    def last_words(self) -> str:
        """The last lines of what the courier has said beside its events."""
        lines = self._words.decode("utf-8", "backslashreplace").strip().splitlines()[-_LAST_WORDS:]
        return "\n".join(lines).removeprefix("foundations: ")

    def failure(self, ending: Ending) -> str:
        """Return why a courier ended that has not done what it had to: in its own words, else in its host's."""
        return "; ".join(filter(None, (self.last_words or cause.of_courier(ending.status), ending.remark)))
