"""The IPython that a driver may be running in: a notebook's, or that of a prompt."""

import sys
from typing import Any


def ipython_shell() -> Any:
    """Return the shell of IPython that runs this process's code, or None; IPython is not imported for that."""
    return getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
