"""The archive of an environment, opened."""

from dataclasses import asdict

from foundations.project import driver_directory, find_root
from foundations.settings import Environment, home, load_environment
from foundations_archive.archive import Archive, open_archive
from foundations_archive.errors import NotArchived
from foundations_archive.records import JobSpec
from foundations_archive.signing import read_signing_key


def archive_of(environment: Environment) -> Archive:
    """Return the archive that an environment names; nothing is read or written yet but its signing key.

    What is read of one on S3 and never changes is kept in the user's folder; a directory is as near as that.
    Raise `ArchiveMisconfigured` where the signing key is no key, or no secret.
    """
    file = environment.signing_key_file
    return open_archive(
        environment.archive,
        cache=environment.cache,
        s3=asdict(environment.s3),
        signing=read_signing_key(file) if file else None,
        reader=home() / "reader" if environment.archive.startswith("s3://") else None,
    )


def spec_of(archive: Archive, job_id: str) -> JobSpec:
    """Return what a job is; raise `KeyError` where the archive has no such job."""
    try:
        return archive.spec(job_id)
    except NotArchived as error:
        raise KeyError(f"there is no job {job_id!r} in the archive at {archive.location}") from error


def selected_archive() -> Archive:
    """Return the archive of the environment that is selected where this process runs, to read it.

    Raise `NewerFormat` where this version is too old for that.
    """
    archive = archive_of(load_environment(None, find_root(driver_directory())))
    archive.refuse_newer()
    return archive
