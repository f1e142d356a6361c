"""The Dockerfile and the build context."""

import hashlib
import io
import tarfile
from dataclasses import replace

from foundations_images import RECIPE, BuildSettings, ImageSpec, Requirements, context, dockerfile

SPEC = ImageSpec(
    name="project",
    base="python:3.11-slim",
    base_id="sha256:1234",
    python="3.11",
    platform="linux/amd64",
    requirements=Requirements((("requirements.txt", "-c env/pins.txt\nnumpy\n"), ("env/pins.txt", "numpy<3\n"))),
    recipe=1,
)
EMPTY = replace(SPEC, requirements=Requirements())
SETTINGS = BuildSettings(
    environment=(("PIP_INDEX_URL", "https://user:hush-hush@example.org/index"),),
    ca_bundle=b"planted bundle",
    netrc="machine example.org login me password hush-hush\n",
)


def unpacked(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]


def test_the_same_spec_gives_the_same_bytes() -> None:
    again = replace(SPEC, requirements=Requirements(SPEC.requirements.files))
    assert dockerfile(again) == dockerfile(SPEC)
    assert context(again, SETTINGS) == context(SPEC, SETTINGS)


def test_another_text_has_another_recipe_number() -> None:
    # After a change on purpose: raise RECIPE if it installs something else, then write down the new digest.
    text = dockerfile(SPEC) + dockerfile(EMPTY)
    assert (RECIPE, hashlib.sha256(text.encode()).hexdigest()[:16]) == (1, "cf7a8ce1efb386da")


def test_nothing_to_install_is_no_step_and_no_context() -> None:
    assert "uv" not in dockerfile(EMPTY)
    assert list(unpacked(context(EMPTY, SETTINGS))) == ["Dockerfile"]


def test_the_context_has_requirements_and_settings() -> None:
    files = unpacked(context(SPEC, SETTINGS))
    assert files["requirements/requirements.txt"] == b"-c env/pins.txt\nnumpy\n"
    assert files["requirements/env/pins.txt"] == b"numpy<3\n"
    assert files["settings/ca.pem"] == b"planted bundle"
    assert b"hush-hush" in files["settings/environment"]
    assert b"hush-hush" in files["settings/netrc"]


def test_the_context_is_what_buildkit_knows_as_an_archive() -> None:
    data = context(SPEC, SETTINGS)
    assert data[257:265] == b"ustar  \0"  # GNU's magic; PAX has b"ustar\x0000"


def test_the_dockerfile_depends_on_no_settings() -> None:
    for text in ("hush-hush", "example.org", "planted"):
        assert text not in dockerfile(SPEC)


def test_options_that_uv_does_not_read_from_files_are_passed_on() -> None:
    text = "--pre\n--trusted-host example.org\n--trusted-host localhost:8080\nnumpy\n"
    options = dockerfile(replace(SPEC, requirements=Requirements((("requirements.txt", text),))))
    assert "--prerelease=allow --allow-insecure-host=example.org --allow-insecure-host=localhost:8080" in options


def test_labels_come_last() -> None:
    labels = dockerfile(SPEC).rpartition("LABEL")[2]
    assert f'foundations.spec="{SPEC.digest}"' in labels
    assert "RUN" not in labels
