"""The passwords of ~/.netrc that a build may need."""

import netrc
from collections.abc import Collection, Mapping
from pathlib import Path

from foundations_images.errors import ImageError
from foundations_images.pip_config import home


def read_netrc(environ: Mapping[str, str], hosts: Collection[str]) -> str | None:
    """Return the entries of `hosts` in netrc's own format, None when there are none.

    The others stay at home: whatever a package runs while it is built could read them.
    """
    path = Path(environ["NETRC"]) if environ.get("NETRC") else home(environ) / ".netrc"
    if not hosts or not path.is_file():
        return None
    try:
        entries = netrc.netrc(path).hosts
    except (netrc.NetrcParseError, UnicodeDecodeError) as error:
        raise ImageError(f"{path} cannot be read ({error}); correct it or set NETRC to another file") from error
    lines = [
        f"machine {host} login {login} password {password}\n"
        for host, (login, _, password) in sorted(entries.items())
        if host in hosts
    ]
    return "".join(lines) or None
