"""What a cached stage's key was made of, and why the stage ran: documents that are archived and compared later."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

FORMAT = 1
KINDS = ("stage", "code", "environment")

# what has to be there, so that whoever compares two need not look
_NEEDED: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
    "stage": {
        **dict.fromkeys(("stage", "function", "all_code"), str),
        **dict.fromkeys(("arguments", "observed"), dict),
        **dict.fromkeys(("why", "ignore"), list),
        **dict.fromkeys(("version", "refused", "kept", "not_kept"), (str, type(None))),
        "keys": (dict, type(None)),
    },
    "code": {"digest": str, "parts": list},
    "environment": {
        **dict.fromkeys(("implementation", "python", "build", "machine", "system"), str),
        "optimize": int,
        "image": (str, type(None)),
        "packages": dict,
    },
}
_MISSING = object()


@dataclass(frozen=True)
class Document:
    """One part of an explanation, as plain JSON; its name is that of a blob."""

    content: Mapping[str, Any]

    @cached_property
    def data(self) -> bytes:
        """The bytes that are archived."""
        return json.dumps(self.content, separators=(",", ":")).encode()

    @cached_property
    def name(self) -> str:
        """The digest of these bytes."""
        return hashlib.sha256(self.data).hexdigest()

    @classmethod
    def of(cls, data: bytes, kind: str) -> Self:
        """Return the document of this kind that an archive holds; raise `ValueError` for what is none."""
        content = json.loads(data)
        if not isinstance(content, dict) or content.get("explains") != kind:
            raise ValueError(f"it does not explain the {kind} of a stage")
        if content.get("format") != FORMAT:
            raise ValueError(f"it has the format {content.get('format')!r}, and this version knows {FORMAT}; upgrade")
        for name, wanted in _NEEDED[kind].items():
            fits = isinstance(content.get(name, _MISSING), wanted)
            if not fits:
                raise ValueError(f"it has no {name}, or one of another type")
        return cls(content)


@dataclass(frozen=True)
class Explanation:
    """Why a stage was computed: what is its own, the code that it can reach, and where it ran.

    The latter two are the same for many stages, and archived once.
    """

    stage: Document
    code: Document
    environment: Document

    @property
    def documents(self) -> tuple[Document, Document, Document]:
        """All three, in the order in which records name them."""
        return self.stage, self.code, self.environment

    @property
    def names(self) -> tuple[str, ...]:
        """The names of their blobs."""
        return tuple(one.name for one in self.documents)

    @property
    def stage_name(self) -> str:
        """What the stage is called."""
        return str(self.stage.content["stage"])

    @property
    def function(self) -> str:
        """Where its function is, as `module:name`."""
        return str(self.stage.content["function"])

    @property
    def why(self) -> tuple[str, ...]:
        """What kept the cache from serving the stage; nothing where that had no entry at all."""
        return tuple(one["says"] for one in self.stage.content["why"] if one["kind"] != "no entry")

    @property
    def refused(self) -> str | None:
        """Why the stage can't be cached at all, or None."""
        refused = self.stage.content["refused"]
        return None if refused is None else str(refused)

    @property
    def accepted(self) -> bool:
        """Whether the stage never ran, and the result of other code was accepted for it."""
        return self.stage.content.get("accepted") is not None
