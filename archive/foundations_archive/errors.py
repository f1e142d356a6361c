"""What can go wrong in the archive, one root for all of it.

ArchiveError
├── NotArchived            also KeyError
├── ArchiveUnreachable     also ConnectionError
├── ArchiveForbidden       also PermissionError
├── RequestRejected        also ValueError
├── BucketMissing          also FileNotFoundError
├── ArchiveDamaged         also ValueError
├── ArchiveUntrusted       also PermissionError
├── ArchiveFull            also OSError
├── ArchiveMisconfigured   also ValueError
├── NewerFormat            also ValueError
└── JobTaken               also ValueError

`s3_errors_explained` alone knows which error of boto3's means which of these.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.exceptions import BotoCoreError, ClientError

# said with a 4xx, or none, and yet passing: what went wrong is this request's way, or the server's load
_PASSING = {
    "BadDigest",
    "BandwidthLimitExceeded",
    "ConditionalRequestConflict",
    "IncompleteBody",
    "InternalError",
    "OperationAborted",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequests",
    "XAmzContentSHA256Mismatch",
}
_PASSING_STATUS = {408, 425, 429}
_FULL = {"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded"}
_REFUSALS = {
    "AccessDenied": "allow this caller s3:ListBucket and s3:GetObject here, and s3:PutObject to run jobs; whole "
    "policies are in docs/trust.md (without ListBucket S3 says the same of a key that is not there)",
    "ExpiredToken": "the session has ended; log in again",
    "InvalidAccessKeyId": "the server does not know this access key id; is it meant for this endpoint?",
    "InvalidToken": "the session token does not belong to this access key",
    "RequestTimeTooSkewed": "the clock of this machine is wrong, or the server's; set it",
    "SignatureDoesNotMatch": "the secret access key is not the one of this access key id",
}


# refusals that may be those of one object; the other ones, as of credentials, are those of the caller
_OF_AN_OBJECT = {"EACCES", "EPERM", "EROFS", "AccessDenied", "403", "InvalidObjectState"}


class ArchiveError(Exception):
    """The archive could not do what was asked; carries the key, location and store's code it is about."""

    # OSError and KeyError read meaning into positional arguments, so there is exactly one.
    def __init__(self, message: str, *, key: str = "", location: str = "", code: str = "") -> None:
        super().__init__(message)
        self.key = key
        self.location = location
        self.code = code

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        # A child may be made from other things than its message, and none of them is there to unpickle it.
        return _restored, (type(self), self.args, self.__dict__)


class NotArchived(ArchiveError, KeyError):
    """The archive was reached and holds nothing under `key`."""


class ArchiveUnreachable(ArchiveError, ConnectionError):
    """The store at `location` gave no answer, or none that makes sense, or is overloaded; trying again may help."""


class RequestRejected(ArchiveError, ValueError):
    """The server at `location` can't do what it was asked, and would say so again; `code` is its word for why."""


class ArchiveForbidden(ArchiveError, PermissionError):
    """The store at `location` refuses this caller; `code` is its own word for why."""


class BucketMissing(ArchiveError, FileNotFoundError):
    """The server answers, but has no such bucket as `location` names."""


class ArchiveDamaged(ArchiveError, ValueError):
    """What the archive holds under `key` can't be what was written there."""


class ArchiveUntrusted(ArchiveError, PermissionError):
    """What the archive holds under `key` is not signed with the configured key, and naming code to run it may not."""


class ArchiveFull(ArchiveError, OSError):
    """The store at `location` has no room left for a write."""


class ArchiveMisconfigured(ArchiveError, ValueError):
    """What was said about the archive's location or settings can't be right."""


class NewerFormat(ArchiveError, ValueError):
    """The archive was written by a version of Foundations that this one does not understand."""


class JobTaken(ArchiveError, ValueError):
    """The archive has a job of this name already, and jobs are never written twice."""

    def __init__(self, job_id: str, location: str) -> None:
        super().__init__(
            f"a job named {job_id!r} is in the archive at {location} already; give another job_name, or none",
            location=location,
        )


def is_of_one_object(error: ArchiveError) -> bool:
    """Tell whether it is one object that can't be had, and won't be by asking again, while others may be."""
    if isinstance(error, ArchiveForbidden):
        return error.code in _OF_AN_OBJECT
    return isinstance(error, NotArchived | ArchiveDamaged | ArchiveUntrusted | NewerFormat | RequestRejected)


def _restored(kind: type[ArchiveError], args: tuple[Any, ...], state: dict[str, Any]) -> ArchiveError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


@contextmanager
def s3_errors_explained(location: str, key: str = "") -> Iterator[None]:
    """Turn whatever boto3 raises into what it means for the archive."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        raise _refusal(error, location, key) from error
    except BotoCoreError as error:
        raise _failure(error, location, key) from error
    except (HTTPError, ResponseParserError) as error:
        message = f"{location} gave no answer that S3 would give: {error}; check the endpoint"
        raise ArchiveUnreachable(message, key=key, location=location) from error


def _refusal(error: ClientError, location: str, key: str) -> ArchiveError:
    """Return what an answer of the server means."""
    code = error.response["Error"].get("Code", "")
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    if code == "NoSuchBucket":
        message = f"there is no bucket for {location}; create it, or correct its name"
        return BucketMissing(message, location=location, code=code)
    if code == "NoSuchKey" or (status == 404 and error.operation_name == "HeadObject"):
        return NotArchived(f"{key} is not in {location}", key=key, location=location, code=code)
    what = f"{error.operation_name} {key}".rstrip()
    said = f"{code} ({error.response['Error'].get('Message', 'no message')})"
    if status == 507 or code in _FULL:
        message = f"no room for {what} in {location}: {said}; make room there, or use another bucket"
        return ArchiveFull(message, key=key, location=location, code=code)
    if status in (401, 403) or code in _REFUSALS:
        message = f"{location} refuses {what}: {said}; {_REFUSALS.get(code, _REFUSALS['AccessDenied'])}"
        return ArchiveForbidden(message, key=key, location=location, code=code)
    if code in _PASSING or status in _PASSING_STATUS or (status >= 500 and status != 501):
        message = f"{location} failed at {what} with {status} {said}; if it stays so, ask who runs the server"
        return ArchiveUnreachable(message, key=key, location=location, code=code)
    if code in ("", str(status)):  # a HEAD, whose answers have no body, or a body that broke off, or no S3 at all
        message = (
            f"{location} answers {what} with {status} and without S3's word for why; is this an S3 server's endpoint?"
        )
        return ArchiveUnreachable(message, key=key, location=location, code=str(status))
    message = (
        f"{location} rejects {what} with {status} {said}, and would again; "
        "is this the endpoint of an S3 server, and of the bucket's region?"
    )
    return RequestRejected(message, key=key, location=location, code=code)


def _failure(error: BotoCoreError, location: str, key: str) -> ArchiveError:
    """Return what it means that boto3 got no answer, or did not even ask."""
    from botocore import exceptions as boto

    no_answer = (
        boto.HTTPClientError,
        boto.ConnectionError,
        boto.IncompleteReadError,
        boto.ChecksumError,
        boto.FlexibleChecksumError,
    )
    no_credentials = (
        boto.NoCredentialsError,
        boto.PartialCredentialsError,
        boto.CredentialRetrievalError,
        boto.MetadataRetrievalError,
        boto.TokenRetrievalError,
        boto.SSOError,
        boto.LoginError,
    )
    if isinstance(error, no_answer):
        message = f"{location} can't be reached: {error}; check the endpoint, the network and the proxy settings"
        return ArchiveUnreachable(message, key=key, location=location, code=type(error).__name__)
    if isinstance(error, no_credentials):
        message = f"the credentials for {location} can't be had: {error}; log in again, or set others"
        return ArchiveForbidden(message, key=key, location=location, code=type(error).__name__)
    message = f"boto3 can't use the settings for {location}: {error}; correct the config or the AWS variables"
    return ArchiveMisconfigured(message, key=key, location=location, code=type(error).__name__)
