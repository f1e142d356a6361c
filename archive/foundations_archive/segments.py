"""The segments of a job's events: which there must be, though a listing is too old to show all, or some are gone."""

import itertools
from collections.abc import Iterable, Iterator, Mapping

from foundations_archive import layout


def segments_of(keys: Iterable[str], *, sealed: Mapping[str, int]) -> Iterator[str]:
    """Yield the keys of an attempt's segments, in order and without a gap, for each attempt of which there are `keys`.

    `sealed` tells of attempts how many they have. That a later segment is there means that those before it are.
    """
    numbers = dict.fromkeys(sealed, -1)
    for key in keys:
        if layout.is_segment(key):
            attempt, number = layout.segment_of(key)
            numbers[attempt] = max(numbers.get(attempt, -1), number)
    for attempt in sorted(numbers):
        count = max(numbers[attempt] + 1, sealed.get(attempt, 0))
        # lazily: a name may say ninety million
        yield from (layout.segment_in(attempt, number) for number in itertools.islice(itertools.count(), count))


def segments_seen(keys: Iterable[str]) -> dict[str, int]:
    """Return how many segments there must be of each attempt, by its name, since these `keys` are there."""
    seen: dict[str, int] = {}
    for key in filter(layout.is_segment, keys):
        attempt = layout.attempt_in(key)
        seen[attempt] = max(seen.get(attempt, 0), layout.number_in(key) + 1)
    return seen
