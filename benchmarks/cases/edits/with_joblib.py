"""joblib: `Memory.cache` around the function, as its documentation has it."""

import os
from collections.abc import Callable
from typing import Any

from joblib import Memory


def cached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with a memory around it."""
    return Memory(os.environ["CACHE"], verbose=0).cache(function)
