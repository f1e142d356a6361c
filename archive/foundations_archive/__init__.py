"""What jobs leave behind: a dumb store on a directory or S3, and the archive that gives it meaning."""

from foundations_archive.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveForbidden,
    ArchiveFull,
    ArchiveMisconfigured,
    ArchiveUnreachable,
    ArchiveUntrusted,
    BucketMissing,
    NotArchived,
    RequestRejected,
)
from foundations_archive.local import DirectoryStore
from foundations_archive.location import open_store, parse_location
from foundations_archive.retrying import Patience, Retrying
from foundations_archive.s3 import S3Store
from foundations_archive.s3_connection import S3Settings
from foundations_archive.store import Entry, Store

__all__ = [
    "ArchiveDamaged",
    "ArchiveError",
    "ArchiveForbidden",
    "ArchiveFull",
    "ArchiveMisconfigured",
    "ArchiveUnreachable",
    "ArchiveUntrusted",
    "BucketMissing",
    "DirectoryStore",
    "Entry",
    "NotArchived",
    "Patience",
    "RequestRejected",
    "Retrying",
    "S3Settings",
    "S3Store",
    "Store",
    "open_store",
    "parse_location",
]
