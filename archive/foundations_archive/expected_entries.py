"""The names of the cache entries that served the last job of a shape: a guess at what the next one asks for."""

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

from foundations_archive import layout
from foundations_archive.envelope import canonical, unseal
from foundations_archive.errors import ArchiveError, is_of_one_object
from foundations_archive.records import JobSpec, StageSpec, plain
from foundations_archive.rereading import read_verified

if TYPE_CHECKING:
    from foundations_archive.archive import Archive

_MALFORMED = (KeyError, AttributeError, TypeError, ValueError)


def shape_of(spec: JobSpec) -> str:
    """Return a digest of a job's project, and of which functions its stages call and how they hang together."""
    places = {stage.id: place for place, stage in enumerate(spec.stages)}
    stages = [[stage.function, stage.cached, [places[parent] for parent in stage.parents]] for stage in spec.stages]
    return hashlib.sha256(canonical([spec.project, stages])).hexdigest()


def read_expected(archive: "Archive", shape: str, spec: JobSpec) -> dict[str, str]:
    """Return the names of entries that stages of a job of this shape may ask for, as `write_expected` has written them.

    Left out are stages that are called with something else now, and what depends on these. None where nothing can be
    read: it is a guess.
    """
    key = layout.expected(shape)
    try:
        stated = read_verified(
            archive.cache_store, key, lambda data: unseal("expected", data, key, signing=archive.signing)
        )
        expected = {str(place): (str(name), str(given)) for place, (name, given) in stated["entries"].items()}
    except ArchiveError as error:
        if not is_of_one_object(error):
            raise
        return {}
    except _MALFORMED:
        return {}
    names, changed = {}, set[str]()
    for place, stage in enumerate(spec.stages):
        name, given = expected.get(str(place), ("", ""))
        if given != _given(stage) or not changed.isdisjoint(stage.parents):
            changed.add(stage.id)
        elif stage.cached and layout.kind_of(layout.cached(name)) == "cache":
            names[stage.id] = name
    return names


def write_expected(archive: "Archive", shape: str, spec: JobSpec, names: Mapping[str, str]) -> None:
    """Write the names of the entries of a job's stages, instead of what the last job of this shape has written."""
    key = layout.expected(shape)
    places = enumerate(spec.stages)
    # without a name it says that the stage has none, and still by what it was called
    entries = {str(place): [names.get(stage.id, ""), _given(stage)] for place, stage in places}
    archive.cache_store.put(key, archive.seal("expected", {"entries": entries}, key=key))


def _given(stage: StageSpec) -> str:
    """Return a digest of what a stage is called with, as far as that is shown, but for other stages' results."""
    shown = [[argument.name, plain(argument.value), argument.place] for argument in stage.arguments]
    return hashlib.sha256(canonical(shown)).hexdigest()[:8]
