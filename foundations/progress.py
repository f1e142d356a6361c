"""What a terminal shows of a job while it runs: its own log as it is, and our lines beside it."""

import sys
import time
from collections.abc import Mapping
from typing import Any, TextIO

from foundations_archive.ledger import Event
from foundations_archive.records import JobSpec

_LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40}


class Progress:
    """Writes the user's lines where the user wrote them, and ours to standard error."""

    def __init__(self, *, level: str = "INFO") -> None:
        self._shows = _LEVELS[level] <= _LEVELS["INFO"]
        self._names: Mapping[str, str] = {}
        self._began = time.perf_counter()

    def say(self, text: str) -> None:
        """Write a line of ours, unless the environment's log level leaves it out."""
        if self._shows:
            _write(sys.stderr, f"foundations: {text}")

    def begin(self, spec: JobSpec) -> None:
        """Say which job this is; its stages are named from here on."""
        self._names = {stage.id: stage.name for stage in spec.stages}
        count = f"{len(spec.stages)} stage{'s' if len(spec.stages) != 1 else ''}"
        self.say(f"job {spec.job_id} of project {spec.project}, {count}, environment {spec.environment}")

    def event(self, event: Event) -> None:
        """Show one event of the job."""
        match event["event"]:
            case "log":
                self._log(event["stream"], event["text"])
            case "stage ended":
                self._stage_ended(event)
            case "job ended":
                self.say(f"job {event['state']} in {time.perf_counter() - self._began:.2f} s")

    def _log(self, stream: str, text: str) -> None:
        # the third stream holds the traceback of a failed job, which the driver raises
        if stream in ("stdout", "stderr"):
            _write(sys.stderr if stream == "stderr" else sys.stdout, text)

    def _stage_ended(self, event: Mapping[str, Any]) -> None:
        name, took = self._names.get(event["stage"], event["stage"]), seconds_text(event["seconds"])
        if event["status"] == "cached":
            self.say(f"stage {name} served from the cache in {took}, computed by job {event['cached_from']}")
        else:
            self.say(f"stage {name} {event['status']} in {took}")
        if event.get("unserializable"):
            _write(
                sys.stderr,
                f"foundations: warning: the result of stage {name} can't be kept, it can't be serialized: "
                f"{event['unserializable']}",
            )


def seconds_text(seconds: float) -> str:
    """Return a duration with a unit that fits it."""
    return f"{seconds * 1000:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _write(stream: TextIO, text: str) -> None:
    try:
        print(text, file=stream, flush=True)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)
    except (OSError, ValueError):
        pass  # nobody reads any more, or the driver has closed it: the job goes on, the archive has its log
