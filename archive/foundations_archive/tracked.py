"""What a job has said of itself beside its metrics: tags, parameters, artifacts, and which stage said it."""

from collections.abc import Mapping
from typing import Any

from foundations_archive.records import Artifact


class Tracked:
    """Tags, parameters and artifacts after the events that were added; of what has one name the last counts."""

    def __init__(self) -> None:
        # a name that is said again goes to the end: across stages too the last counts
        self._said: dict[tuple[str, str | None, str], Any] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        """Take in a tag, a parameter or an artifact."""
        kind, stage, key = event["event"], event.get("stage"), event["key"]
        self._said.pop((kind, stage, key), None)
        self._said[kind, stage, key] = Artifact.of(event) if kind == "artifact" else event["value"]

    def forget(self, stage: str) -> None:
        """Let go of what a stage has said."""
        self._said = {name: value for name, value in self._said.items() if name[1] != stage}

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
        return {key: value for (what, who, key), value in self._said.items() if what == kind and stage in (None, who)}
