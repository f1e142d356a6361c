"""What the worker notes and says, as events of the job."""

import json
from typing import Any

from foundations_archive.envelope import tagged
from foundations_archive.series import json_numbers
from foundations_runner.channel import Message
from foundations_runner.ring import Note, Numbers

Event = tuple[str, dict[str, Any]]


class WorkerNotes:
    """Notes of one worker, made events: a number alone belongs to a series that the worker has named before."""

    def __init__(self) -> None:
        self._series: dict[int, tuple[str, str]] = {}

    def events(self, note: Note) -> list[Event]:
        """Return what a note says."""
        if isinstance(note, Numbers):
            stage, key = self._series[note.series]
            values = json_numbers(note.values)
            return [("metrics", {"stage": stage, "key": key, "values": values, "times": list(note.times)})]
        message = json.loads(note)
        match message.pop("say"):
            case "series":
                self._series[message["series"]] = message["stage"], message["key"]
                return []
            case say:
                return [event_of(say, message)]


def event_of(say: str, message: Message) -> Event:
    """Return the event of a message that is nothing else; raise `ValueError` for one that is not known."""
    match say:
        case "started":
            return "stage started", message
        case "ended":
            return "stage ended", message
        case "retried":
            return "stage retried", message
        case "tag" | "parameter":
            return say, message
        case "metric":
            value, at = message.pop("value"), message.pop("time")
            return "metrics", {**message, "values": tagged([value]), "times": [at]}
    raise ValueError(f"the worker said {say!r}, which this courier does not know")
