"""The Dockerfile of an image, and the build context that goes with it."""

import io
import shlex
import tarfile

from foundations_images.settings import BuildSettings
from foundations_images.spec import ImageSpec

UV = "0.13.9"
"""The installer's version; another one is another recipe (spec.RECIPE)."""

# One directory for all mounts: an empty /run/foundations is the only trace that they leave in the image.
_MOUNTS = "/run/foundations"

_CHECKED = """\
# Written by Foundations, recipe {recipe}: the same requirements on the same base give this same text.

FROM {base} AS checked
USER 0
# What one minor version of Python pickles crashes another, so a base with another one is of no use.
RUN found="$(python3 -B -c 'import sys; print("%d.%d" % sys.version_info[:2])')" || found=missing; \\
    [ "$found" = "{python}" ] \\
    || {{ echo "foundations: its python3 is $found, and {python} is wanted" >&2; exit 1; }}
"""

_INSTALLED = """\
# The installer stays in a stage of its own; it is mounted below and is no part of the image.
FROM checked AS installer
RUN --mount=type=bind,source=settings,target={mounts}/settings \\
    . {mounts}/settings/environment \\
    && PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --no-input \\
        --no-cache-dir --no-compile --only-binary=:all: --target=/opt/foundations-uv uv=={uv} \\
    || {{ echo "foundations: pip of the base image could not install uv {uv}" >&2; exit 1; }}

FROM checked
# Indexes, proxies and certificates are mounted for this step only: none gets into a layer or the history.
# The cache outlives builds. Byte-code is compiled once here: a container's file system may be read-only.
RUN --mount=type=bind,from=installer,source=/opt/foundations-uv,target={mounts}/uv \\
    --mount=type=bind,source=settings,target={mounts}/settings \\
    --mount=type=bind,source=requirements,target={mounts}/requirements \\
    --mount=type=cache,id=foundations-uv,target={mounts}/cache \\
    --mount=type=tmpfs,target=/tmp \\
    . {mounts}/settings/environment \\
    && cd {mounts}/requirements \\
    && NO_COLOR=1 UV_CACHE_DIR={mounts}/cache UV_PYTHON_DOWNLOADS=never UV_COMPILE_BYTECODE_TIMEOUT=600 \\
        {mounts}/uv/bin/uv pip install --no-config --no-progress --python "$(command -v python3)" \\
        --break-system-packages --compile-bytecode --link-mode=copy{options} -r requirements.txt
"""

_BARE = """\
# Nothing is to be installed.
FROM checked
"""

_LABELS = """\
# Labels come last, so that they never make anything above be built again.
LABEL foundations.env="1" \\
    foundations.python="{python}" \\
    foundations.requirements="{requirements}" \\
    foundations.recipe="{recipe}" \\
    foundations.spec="{spec}"
"""


def dockerfile(spec: ImageSpec) -> str:
    """Return the Dockerfile of `spec`: the same text for the same spec, without any secret."""
    install = _BARE if spec.requirements.empty else _INSTALLED.format(mounts=_MOUNTS, uv=UV, options=_options(spec))
    labels = _LABELS.format(
        python=spec.python, requirements=spec.requirements.digest, recipe=spec.recipe, spec=spec.digest
    )
    checked = _CHECKED.format(base=spec.base, python=spec.python, recipe=spec.recipe)
    return f"{checked}\n{install}\n{labels}"


def context(spec: ImageSpec, settings: BuildSettings) -> bytes:
    """Return the build context: the Dockerfile, the requirements files and the settings to mount."""
    files = {"Dockerfile": dockerfile(spec).encode()}
    if not spec.requirements.empty:
        files |= {f"requirements/{name}": text.encode() for name, text in spec.requirements.files}
        files |= {f"settings/{name}": data for name, data in settings.files(f"{_MOUNTS}/settings").items()}
    buffer = io.BytesIO()
    # BuildKit takes a PAX archive for a Dockerfile: it looks at the first KiB only.
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _options(spec: ImageSpec) -> str:
    """Spell what uv wants to be told on the command line, where pip reads it from the file."""
    requirements = spec.requirements
    options = ["--prerelease=allow"] if requirements.values_of("--pre") else []
    options += [f"--allow-insecure-host={shlex.quote(host)}" for host in requirements.values_of("--trusted-host")]
    return "".join(f" {option}" for option in options)
