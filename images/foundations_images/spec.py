"""What an image is made of, and the tag that follows from it."""

import hashlib
import json
import re
from dataclasses import dataclass

from foundations_images.requirements import Requirements

RECIPE = 1
"""Raised whenever recipe.py installs something differently: images of older recipes are then built anew."""


@dataclass(frozen=True)
class ImageSpec:
    """Everything that decides what is in an image; equal specs share one image on an engine."""

    name: str
    base: str
    base_id: str
    python: str
    platform: str
    requirements: Requirements
    recipe: int = RECIPE

    @property
    def digest(self) -> str:
        """The sha256 over all that matters: not the name, and of the base its id, not what it is called."""
        facts = {
            "base_id": self.base_id,
            "platform": self.platform,
            "python": self.python,
            "recipe": self.recipe,
            "requirements": self.requirements.normalised,
        }
        canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()

    @property
    def tag(self) -> str:
        """The name of the image on the engine."""
        return f"foundations/env:{_slug(self.name)}-{self.digest[:16]}"


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "project"
