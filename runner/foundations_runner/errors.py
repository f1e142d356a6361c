"""What can go wrong between a driver and the host of its job."""


class RunnerError(Exception):
    """The root of this room's errors."""


class EngineUnreachable(RunnerError, ConnectionError):
    """No Docker engine answers where one was looked for."""

    def __init__(self, message: str, *, tried: str) -> None:
        super().__init__(message)
        self.tried = tried


class EngineRefused(RunnerError, RuntimeError):
    """The Docker engine answered, and would not do what a job needs."""


class ShadowedModule(RunnerError, ImportError):
    """A file of the user's stands in the way of a library that the driver needs."""

    def __init__(self, module: str, path: str) -> None:
        super().__init__(
            f"import {module} found {path} instead of the library of that name; "
            "rename the file or move it into a package"
        )
        self.module = module
        self.shadow = path


class RuntimeIncomplete(RunnerError, RuntimeError):
    """A package that travels with every job can't be found where the driver runs."""


class CourierFailed(RunnerError, RuntimeError):
    """The courier could not do its work: it never came to run the job, or was killed while it did."""
