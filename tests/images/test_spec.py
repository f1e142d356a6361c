"""The tag of an image."""

import re
from dataclasses import replace

import pytest

from foundations_images import ImageSpec, Requirements

SPEC = ImageSpec(
    name="My Project",
    base="python:3.11-slim",
    base_id="sha256:1234",
    python="3.11",
    platform="linux/amd64",
    requirements=Requirements((("requirements.txt", "numpy==2.0.0\n"),)),
)


def test_the_tag_has_the_project_and_a_digest() -> None:
    assert re.fullmatch(r"foundations/env:my-project-[0-9a-f]{16}", SPEC.tag)


@pytest.mark.parametrize(("name", "slug"), [("a/b c", "a-b-c"), ("Été", "t"), ("???", "project"), ("x" * 50, "x" * 40)])
def test_any_name_makes_a_valid_tag(name: str, slug: str) -> None:
    assert replace(SPEC, name=name).tag.rpartition("-")[0] == f"foundations/env:{slug}"


def test_names_do_not_count() -> None:
    assert replace(SPEC, name="other", base="mirror/python:3.11").digest == SPEC.digest


def test_comments_do_not_count() -> None:
    commented = Requirements((("requirements.txt", "# pinned\n\nnumpy==2.0.0\n"),))
    assert replace(SPEC, requirements=commented).tag == SPEC.tag


@pytest.mark.parametrize(
    "other",
    [
        replace(SPEC, base_id="sha256:5678"),
        replace(SPEC, python="3.12"),
        replace(SPEC, platform="linux/arm64"),
        replace(SPEC, requirements=Requirements((("requirements.txt", "numpy==2.0.1\n"),))),
        replace(SPEC, recipe=SPEC.recipe + 1),
    ],
)
def test_what_is_in_the_image_counts(other: ImageSpec) -> None:
    assert other.tag != SPEC.tag
