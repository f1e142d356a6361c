"""The random generators that all code of a process shares, and whether they have been drawn from."""

import hashlib
import sys
from typing import Any


def states() -> dict[str, str]:
    """Return a digest of the state of each such generator, of the libraries that have been imported."""
    found: dict[str, str] = {}
    for name, state in (("random", _of_python), ("numpy.random", _of_numpy), ("torch", _of_torch)):
        module = sys.modules.get(name)
        if module is not None:
            try:
                found[name] = state(module)
            except Exception:  # noqa: BLE001, S112 - a library that is half imported, or replaced by the user's own
                continue
    return found


def drawn_from(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the libraries whose generator has gone on."""
    return [name for name, state in before.items() if after.get(name, state) != state]


def _of_python(random: Any) -> str:
    return str(hash(random.getstate()))


def _of_numpy(random: Any) -> str:
    state = random.get_state(legacy=False)
    return f"{hashlib.sha256(state['state']['key'].tobytes()).hexdigest()} {state['state']['pos']} {state['has_gauss']}"


def _of_torch(torch: Any) -> str:
    return hashlib.sha256(torch.random.get_rng_state().numpy().tobytes()).hexdigest()
