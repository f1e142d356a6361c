"""The config file of an environment: its keys, as data, and errors that name line and nearest word."""

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from foundations.errors import SettingsError
from foundations_archive.location import parse_location

if TYPE_CHECKING:
    from yaml import Node

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_KINDS = {
    "str": "text",
    "int": "a number",
    "float": "a number",
    "bool": "true or false",
    "null": "empty",
    "timestamp": "a date",
    "seq": "a list",
    "map": "a mapping",
}


@dataclass(frozen=True)
class Rule:
    """What one value has to be: types as YAML calls them, the wish in words, and the check.

    The check answers, or raises a `ValueError` that says more than the wish does.
    """

    types: tuple[str, ...]
    wants: str
    fits: Callable[[Any], bool]
    words: tuple[str, ...] = ()


Section: TypeAlias = "Mapping[str, Rule | Section]"


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest of `words`, or nothing."""
    import difflib

    near = difflib.get_close_matches(word, list(words), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _text(wants: str = "text", pattern: str = r"(?s).+") -> Rule:
    return Rule(("str",), wants, lambda value: re.fullmatch(pattern, value) is not None)


def _choice(*words: str) -> Rule:
    return Rule(("str",), f"{', '.join(words[:-1])} or {words[-1]}", words.__contains__, words)


_LOCATION = Rule(("str",), "a directory or s3://bucket/prefix", lambda value: bool(parse_location(value)))
_HOST = _text("an address that begins with unix://, tcp://, ssh:// or npipe://", r"(unix|tcp|ssh|npipe)://.+")
_MEMORY = Rule(
    ("str", "int", "float"),
    "a size such as 512m or 8g",
    lambda value: re.fullmatch(r"\d+(\.\d+)?[bkmg]?", value) is not None,
)

_COUNT = Rule(("int",), "a whole number above 0", lambda value: value > 0)
_SWITCH = Rule(("bool",), "true or false", lambda value: isinstance(value, bool))

ENVIRONMENT: Section = {
    "job_deployment_env": _choice("local", "docker"),
    "docker_config": {
        "host": _HOST,
        "base_image": _text(),
        "network": _text(),
        "memory": _MEMORY,
        "cpus": Rule(("int", "float"), "a number above 0", lambda value: 0 < value < float("inf")),
        "gpus": Rule(("int",), "a whole number, or -1 for all", lambda value: value >= -1),
    },
    "results_config": {
        "archive_end_point": _LOCATION,
        "s3": {
            "endpoint_url": _text("an address that begins with http:// or https://", r"https?://.+"),
            "region": _text(),
            "profile": _text(),
            "access_key_id": _text(),
            "secret_access_key": _text(),
            "session_token": _text(),
        },
        "outage_seconds": Rule(("int", "float"), "a number above 0", lambda value: 0 < value < float("inf")),
        "signing_key_file": _text(),
    },
    "archive": {"signing_key_file": _text()},
    "cache_config": {"end_point": _LOCATION, "read_only": _SWITCH},
    "cache": {"read_only": _SWITCH},
    "stage_config": {"threads": _COUNT, "processes": _COUNT},
    "search_config": {"concurrent_jobs": _COUNT},
    "log_level": _choice("DEBUG", "INFO", "WARNING", "ERROR"),
    "error_verbosity": _choice("normal", "verbose"),
}


# what may be set in either of two sections
EITHER = {"signing_key_file": ("results_config", "archive"), "read_only": ("cache_config", "cache")}


@dataclass(frozen=True)
class _Source:
    path: Path
    label: str

    def fault(self, message: str, *, line: int | None = None, key: str | None = None) -> SettingsError:
        where = self.label if line is None else f"{self.label}, line {line}"
        return SettingsError(f"{where}: {message}", path=self.path, line=line, key=key)


def read_config(path: Path, label: str) -> dict[str, Any]:
    """Return what the file at `path` sets, checked against `ENVIRONMENT`; keys without a value are left out.

    `${NAME}` in a text stands for the environment variable NAME, so that the file needs no password in it.
    Raise `SettingsError`, whose message calls the file `label`, for whatever can't be right.
    """
    source = _Source(path, label)
    node = _parsed(source)
    config = _section(source, node, ENVIRONMENT, "")
    for key, sections in EITHER.items():
        if all(key in config.get(section, {}) for section in sections):
            raise _set_twice(source, node, key, sections)
    if "job_deployment_env" not in config:
        message = "job_deployment_env is missing; set it to local or docker"
        raise source.fault(message, key="job_deployment_env")
    return config


def _parsed(source: _Source) -> "Node":
    import yaml

    try:
        node = yaml.compose(_content(source), Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ", ".join(part for part in (error.context, error.problem) if part)
        raise source.fault(f"this is not YAML: {problem}", line=mark.line + 1 if mark else None) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise source.fault(f"this is not YAML: {error}") from error
    if node is None:
        raise source.fault("the file is empty; it needs at least job_deployment_env: local or docker")
    return node


def _content(source: _Source) -> str:
    try:
        data = source.path.read_bytes()
    except OSError as error:
        raise source.fault(f"the file can't be read: {error.strerror}") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise source.fault("this is not UTF-8; save the file in that encoding", line=line) from error


def _section(source: _Source, node: "Node", section: Section, name: str) -> dict[str, Any]:
    from yaml import MappingNode

    if not isinstance(node, MappingNode):
        message = f"{name or 'the file'} must be a mapping (`key: value` lines), not {_kind(node)}"
        raise source.fault(message, line=_line(node), key=name or None)
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for key_node, value_node in node.value:
        key = _known_key(source, key_node, section, name)
        dotted = _dotted(name, key)
        if key in lines:
            message = f"{dotted} is already set in line {lines[key]}"
            raise source.fault(message, line=_line(key_node), key=dotted)
        lines[key] = _line(key_node)
        if _type(value_node) != "null":
            values[key] = _value(source, value_node, section[key], dotted)
    return values


def _set_twice(source: _Source, node: "Node", key: str, sections: tuple[str, str]) -> SettingsError:
    (first, one), (second, other) = sorted((_line_of(node, section, key), section) for section in sections)
    message = f"{key} of {other} is already set in {one}, line {first}; leave one of them out"
    return source.fault(message, line=second, key=f"{other}.{key}")


def _line_of(node: "Node", section: str, key: str) -> int:
    """Return where a key stands that is known to be in a section."""
    (values,) = (value for name, value in node.value if name.value == section)
    return next(_line(name) for name, _ in values.value if name.value == key)


def _known_key(source: _Source, node: "Node", section: Section, name: str) -> str:
    key: str = node.value if isinstance(node.value, str) else _kind(node)
    if key not in section:
        place = f" in {name}" if name else ""
        hint = did_you_mean(key, section) or ";"
        message = f"unknown key {key!r}{place}{hint} valid keys: {', '.join(section)}"
        raise source.fault(message, line=_line(node), key=_dotted(name, key))
    return key


def _value(source: _Source, node: "Node", rule: "Rule | Section", key: str) -> Any:
    if not isinstance(rule, Rule):
        return _section(source, node, rule, key)
    if _type(node) not in rule.types or not isinstance(node.value, str):
        quotes = "; put it in quotes" if "str" in rule.types and isinstance(node.value, str) else ""
        is_text = "str" not in rule.types and _type(node) == "str"  # else what stands there may be a secret
        message = f"{key} must be {rule.wants}, not {f'the text {node.value!r}' if is_text else _kind(node)}{quotes}"
        raise source.fault(message, line=_line(node), key=key)
    try:
        value = _expanded(node.value) if "str" in rule.types else _number(node)
        fits = rule.fits(value)
    except ValueError as error:
        raise source.fault(f"{key}: {error}", line=_line(node), key=key) from error
    if not fits:
        # the text of the file, not what a variable put there: that may be a secret
        message = f"{key} must be {rule.wants}, not {node.value!r}{did_you_mean(node.value, rule.words)}"
        raise source.fault(message, line=_line(node), key=key)
    return value


def _expanded(text: str) -> str:
    def variable(match: re.Match[str]) -> str:
        value = os.environ.get(match[1])
        if value is None:
            raise ValueError(f"the environment variable {match[1]!r} is not set")
        return value

    return _VARIABLE.sub(variable, text)


def _number(node: "Node") -> int | float:
    from yaml import SafeLoader

    number: int | float = SafeLoader("").construct_object(node)
    return number


def _type(node: "Node") -> str:
    return node.tag.rpartition(":")[2]


def _kind(node: "Node") -> str:
    return _KINDS.get(_type(node), f"a {node.tag}")


def _line(node: "Node") -> int:
    return node.start_mark.line + 1


def _dotted(name: str, key: str) -> str:
    return f"{name}.{key}" if name else key
