"""torch's tensors count by what they hold; these tests run where torch is installed."""

import itertools
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from foundations.keys.values import NoStableIdentity, value_digest
from tests.foundations.keys.samples import code_of, digest

torch = pytest.importorskip("torch")


def different() -> list[Any]:
    made = torch.arange(6.0)
    with_gradient = torch.ones(2, requires_grad=True)
    with_gradient.sum().backward()
    torch.manual_seed(1)
    linear, other = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    evaluated = pickle.loads(pickle.dumps(linear)).eval()
    return [
        made,
        made.reshape(2, 3),
        made.reshape(3, 2),
        made.reshape(2, 3).T,
        made.double(),
        made.half(),
        made.bfloat16(),
        made.int(),
        made + 1,
        made.numpy(),
        made.tolist(),
        torch.tensor(1.0),
        torch.tensor([1.0]),
        torch.tensor([]),
        torch.tensor([True]),
        torch.tensor([1 + 1j]),
        torch.tensor([0.0]),
        torch.tensor([-0.0]),
        torch.nn.Parameter(made.clone()),
        made.clone().requires_grad_(),
        torch.ones(2, requires_grad=True),
        with_gradient,
        torch.zeros(1, 2, 3, 4),
        torch.zeros(1, 2, 3, 4).to(memory_format=torch.channels_last),
        linear,
        other,
        evaluated,
        linear.state_dict(),
        torch.float32,
        torch.float64,
        torch.device("cpu"),
        torch.Size([1]),
        torch.Generator().manual_seed(1),
        torch.Generator().manual_seed(2),
    ]


def seeded() -> Any:
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.BatchNorm1d(4))


EQUAL: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
    "made again": (lambda: torch.arange(6.0), lambda: torch.tensor([0.0, 1, 2, 3, 4, 5])),
    "a view": (lambda: torch.arange(6)[::2], lambda: torch.tensor([0, 2, 4])),
    "a part": (lambda: torch.arange(6)[2:], lambda: torch.tensor([2, 3, 4, 5])),
    "a column": (lambda: torch.arange(6).reshape(2, 3)[:, 1], lambda: torch.tensor([1, 4])),
    "transposed": (lambda: torch.arange(6).reshape(2, 3).T, lambda: torch.tensor([[0, 1, 2], [3, 4, 5]]).T),
    "from an array": (lambda: torch.from_numpy(torch.arange(6).numpy()), lambda: torch.arange(6)),
    "half": (lambda: torch.arange(6).bfloat16(), lambda: torch.arange(12).bfloat16()[:6]),
    "conjugated": (lambda: torch.tensor([1 + 1j]).conj(), lambda: torch.tensor([1 - 1j])),
    "pickled": (
        lambda: torch.arange(9.0).reshape(3, 3),
        lambda: pickle.loads(pickle.dumps(torch.arange(9.0).reshape(3, 3))),
    ),
    "a module": (seeded, lambda: pickle.loads(pickle.dumps(seeded()))),
    "large": (lambda: torch.arange(5_000_000), lambda: torch.arange(10_000_000)[:5_000_000]),
}


def test_tensors_that_differ_have_different_digests() -> None:
    values = different()
    digests = [digest(value) for value in values]
    same = [pair for pair in itertools.combinations(range(len(values)), 2) if digests[pair[0]] == digests[pair[1]]]
    assert same == []


@pytest.mark.parametrize("name", EQUAL)
def test_tensors_that_are_equal_have_one_digest(name: str) -> None:
    one, other = (make() for make in EQUAL[name])
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    "make",
    [
        lambda: torch.ones(2, requires_grad=True) * 2,
        lambda: torch.ones(2).to_sparse(),
        lambda: torch.ones(2, device="meta"),
    ],
)
def test_a_tensor_that_is_not_just_its_items_is_refused(make: Callable[[], Any]) -> None:
    with pytest.raises(NoStableIdentity, match=r"^value\['weights'\] is of type torch\.Tensor"):
        value_digest({"weights": make()}, code=code_of)
