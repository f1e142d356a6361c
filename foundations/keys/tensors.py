"""torch's tensors and generators, one level deep: by dtype, shape, device, order and content."""

import ctypes
import sys
from collections.abc import Callable
from typing import Any

from foundations.keys.no_identity import Refused
from foundations.keys.objects import attributes_of
from foundations.keys.value_parts import Content, Parts, attribute_parts


def way_of(kind: type) -> Callable[[Any], Parts] | None:
    """Return what takes values of one of torch's types apart, or None."""
    torch = sys.modules.get("torch")
    tensor, generator = getattr(torch, "Tensor", None), getattr(torch, "Generator", None)
    if tensor is not None and issubclass(kind, tensor):
        return _tensor
    if generator is not None and issubclass(kind, generator):
        return _generator
    return None


def _tensor(value: Any) -> Parts:
    torch = sys.modules["torch"]
    if value.grad_fn is not None:
        raise Refused("it remembers how it was computed; detach() it")
    if value.layout is not torch.strided or value.is_quantized or value.is_nested or value.device.type == "meta":
        raise Refused(f"the way in which it stores its items ({value.layout}, {value.device}) is not known")
    plain = value.detach().resolve_conj().resolve_neg()
    order = _order(plain)
    text = f"{value.dtype} {tuple(value.shape)} {value.device.type} {value.requires_grad} {order}"
    parts = attribute_parts("torch.Tensor", text, attributes_of(value))
    content = _content(plain.permute(order).cpu().contiguous())
    parts.children = [*parts.children, type(value), value.grad if value.is_leaf else None, content]
    return parts


def _order(value: Any) -> list[int]:
    """Return the dimensions in the order in which they lie in memory, where that is dense, else as they are."""
    dimensions = list(range(value.dim()))
    if value.is_contiguous():
        return dimensions
    order = sorted(dimensions, key=lambda one: (-value.stride(one), one))
    return order if value.permute(order).is_contiguous() else dimensions


def _content(value: Any) -> Content:
    size = value.numel() * value.element_size()
    if not size:
        return Content(b"")
    memory = (ctypes.c_char * size).from_address(value.data_ptr())
    memory.tensor = value  # which owns it
    return Content(memoryview(memory).cast("B"))


def _generator(value: Any) -> Parts:
    return Parts("torch.Generator", str(value.device).encode(), [value.get_state()])
