"""What pip's configuration files on this machine say."""

import configparser
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from foundations_images.errors import ImageError


def read_pip_config(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what `pip install` would find in its files; raise ImageError when one cannot be read."""
    sections: dict[str, dict[str, str]] = {"global": {}, "install": {}}
    for path in _files(environ):
        parser = configparser.RawConfigParser()
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, UnicodeDecodeError) as error:
            raise ImageError(f"pip's configuration file {path} cannot be read ({error}); correct it") from error
        for section, found in sections.items():
            if parser.has_section(section):
                found |= {key.replace("_", "-"): value for key, value in parser.items(section)}
    return sections["global"] | sections["install"]


def home(environ: Mapping[str, str]) -> Path:
    """Return the home directory that pip and curl would look into."""
    return Path(environ["HOME"]) if environ.get("HOME") else Path.home()


def _files(environ: Mapping[str, str]) -> list[Path]:
    """Pip's files; later ones win, and PIP_CONFIG_FILE=/dev/null turns all of them off."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return []
    user = home(environ)
    files = [
        Path("/etc/xdg/pip/pip.conf"),
        Path("/etc/pip.conf"),
        user / ".pip/pip.conf",
        Path(environ.get("XDG_CONFIG_HOME") or user / ".config") / "pip/pip.conf",
        user / "Library/Application Support/pip/pip.conf",
        Path(sys.prefix) / "pip.conf",
    ]
    return [*files, Path(named)] if named else files
