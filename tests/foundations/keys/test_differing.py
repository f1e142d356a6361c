"""Values that differ have different digests."""

import itertools

import pytest

from tests.foundations.keys.differing import FAMILIES
from tests.foundations.keys.samples import digest


@pytest.mark.parametrize("name", FAMILIES)
def test_every_two_of_a_family_differ(name: str) -> None:
    values = FAMILIES[name]()
    digests = [digest(value) for value in values]
    same = [(a, b) for (a, x), (b, y) in itertools.combinations(zip(values, digests, strict=True), 2) if x == y]
    assert same == []
