"""What a job has said of itself beside its metrics: tags, parameters, artifacts, and which stage said it."""

from collections.abc import Mapping
from typing import Any

from foundations_archive.records import Artifact

_Name = tuple[str, str | None, str]


class Tracked:
    """Tags, parameters and artifacts after the events that were added; of what has one name the last counts."""

    def __init__(self) -> None:
        # a name that is said again goes to the end: across stages too the last counts
        self._said: dict[_Name, Any] = {}
        self._by_stage: dict[str | None, dict[_Name, None]] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        """Take in a tag, a parameter or an artifact."""
        name = kind, stage, _ = event["event"], event.get("stage"), event["key"]
        names = self._by_stage.setdefault(stage, {})
        for known in (self._said, names):
            known.pop(name, None)
        self._said[name] = Artifact.of(event) if kind == "artifact" else event["value"]
        names[name] = None

    def forget(self, stage: str) -> None:
        """Let go of what a stage has said."""
        for name in self._by_stage.pop(stage, ()):
            del self._said[name]

    def tags(self, stage: str | None = None) -> dict[str, Any]:
        """Return the tags of a stage, or of the whole job."""
        return self._of("tag", stage)

    def parameters(self, stage: str | None = None) -> dict[str, Any]:
        """Return the parameters of a stage, or of the whole job."""
        return self._of("parameter", stage)

    def artifacts(self, stage: str) -> tuple[Artifact, ...]:
        """Return the artifacts of a stage."""
        return tuple(self._of("artifact", stage).values())

    def _of(self, kind: str, stage: str | None) -> dict[str, Any]:
        names = self._said if stage is None else self._by_stage.get(stage, ())
        return {key: self._said[what, who, key] for what, who, key in names if what == kind}
