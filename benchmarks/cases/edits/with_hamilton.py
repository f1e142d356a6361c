"""Hamilton: a dataflow of one node, with the cache on; arguments are its inputs, and annotated, as it demands."""

import inspect
import os
from collections.abc import Callable
from typing import Any

from hamilton import ad_hoc_utils, base, driver


def cached(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what executes the function as a node."""
    signature = inspect.signature(function)
    function.__annotations__.update(dict.fromkeys(signature.parameters, object), **{"return": object})
    nodes = ad_hoc_utils.create_temporary_module(function, module_name=f"nodes_{function.__name__}")

    def execute(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        built = driver.Builder().with_modules(nodes).with_adapters(base.DictResult())
        run = built.with_cache(path=os.environ["CACHE"]).build()
        return run.execute([function.__name__], inputs=dict(bound.arguments))[function.__name__]

    return execute
