"""The error for a value that can't be told from another one by its content."""

_LONGEST_PATH = 300
_END = 100


class NoStableIdentity(TypeError):
    """A value, or a part of it, has no stable identity: no digest stands for it in every process."""

    def __init__(self, path: str, kind: str, why: str) -> None:
        self.path, self.kind, self.why = _shortened(path), kind, why
        super().__init__(f"{self.path} is of type {kind} and has no stable identity: {why}; {_way_out(kind, why)}")

    def __reduce__(self) -> tuple[type, tuple[str, str, str]]:
        return type(self), (self.path, self.kind, self.why)


def _way_out(kind: str, why: str) -> str:
    if kind == "generator" or "an iterator" in why:
        return (
            "make a list of what it gives, of a stage's result by .stage(list), or pass foundations.ignore(value) "
            "where the result does not depend on it"
        )
    return (
        "where the result does not depend on it, pass foundations.ignore(value), or give its class a method "
        "__foundations_key__ that returns a value which stands for it"
    )


class Refused(Exception):
    """What `NoStableIdentity` says, where the path to the value is not known yet."""


def type_name(kind: type) -> str:
    """Return a class's qualified name; a builtin's without its module."""
    try:
        module, name = type.__getattribute__(kind, "__module__"), type.__getattribute__(kind, "__qualname__")
    except AttributeError:
        return "?"
    return str(name) if module == "builtins" else f"{module}.{name}"


def said(error: Exception) -> str:
    """Return an exception's class and the first line of what it says."""
    try:
        text = str(error).partition("\n")[0][:_LONGEST_PATH]
    except Exception:  # noqa: BLE001 - a user's own __str__
        text = ""
    return f"{type(error).__name__}: {text}"


def _shortened(path: str) -> str:
    return path if len(path) <= _LONGEST_PATH else f"{path[: _LONGEST_PATH - _END]}...{path[-_END:]}"
