"""Runs of bytes: one digest, however many threads; leaves are the archive's chunks."""

import hashlib
import os
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from foundations.keys.trees import LEAF, Hashers
from foundations.keys.value_walk import Walk
from foundations_archive.blobs import CHUNK, Blobs
from foundations_archive.local import DirectoryStore
from tests.foundations.keys.samples import Data, code_of, digest

SIZES = (0, 1, 1000, 256 * 1024, 256 * 1024 + 1, LEAF - 1, LEAF, LEAF + 1, 3 * LEAF + 7)


@pytest.mark.parametrize("size", SIZES)
def test_the_digest_is_the_same_with_any_number_of_threads(size: int) -> None:
    data = np.arange(size, dtype="u4").view("u1")[:size].tobytes()
    found = set()
    for threads in (1, 2, 5):
        hashers = Hashers(threads)
        found.add(hashers.tree(data).digest())
        hashers.close()
    assert len(found) == 1


def test_runs_of_other_sizes_and_contents_differ() -> None:
    hashers = Hashers(1)
    runs = [b"", b"\0", b"\0\0", b"\0" * LEAF, b"\0" * (LEAF + 1), b"\0" * (2 * LEAF), b"\0" * LEAF + b"\1"]
    assert len({hashers.tree(run).digest() for run in runs}) == len(runs)


def test_leaves_are_named_as_the_archive_names_its_chunks(tmp_path: Path) -> None:
    assert LEAF == CHUNK
    data = os.urandom(LEAF + 1000)
    hashers = Hashers(2)
    leaves = [leaf.hex() for leaf in hashers.tree(data).leaves()]
    hashers.close()
    assert leaves == [hashlib.sha256(data[:LEAF]).hexdigest(), hashlib.sha256(data[LEAF:]).hexdigest()]
    assert tuple(leaves) == Blobs(DirectoryStore(tmp_path)).put_bytes(data).chunks


def test_no_thread_is_left_and_none_is_started_for_what_is_small() -> None:
    before = threading.active_count()
    digest([np.arange(10), b"x" * 100_000])
    assert threading.active_count() == before
    digest({"a": np.zeros(10_000_000), "b": [np.ones(100_000)] * 3})
    assert threading.active_count() == before


def test_more_copies_than_fit_are_hashed_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("foundations.keys.trees._MOST_WAITING", 1_000_000)
    columns = np.arange(1_000_000, dtype="u1").reshape(-1, 2)
    strided = [columns[:, place % 2] for place in range(20)]
    assert digest(strided) == digest([column.copy() for column in strided])


def test_what_holds_large_runs_has_one_digest_with_any_number_of_threads() -> None:
    large = np.arange(100_000.0)
    ring: list[object] = [large, [large + 1, {"x": large[::2]}]]
    ring.append(ring)
    deep: object = {"a": large, "b": large + 2}
    for _ in range(10):
        deep = [Data(deep, large + 3)]
    frame = pd.DataFrame({"a": large, "b": large.astype(str)})
    value = {"ring": ring, "deep": deep, "frames": [frame, frame["a"]], "twice": [large, large]}
    tokens = set()
    for threads in (1, 2, 4):
        hashers = Hashers(threads)
        tokens.add(Walk(code_of, hashers).token(value, "value"))
        hashers.close()
    assert len(tokens) == 1
    large[7] = -1
    assert Walk(code_of, Hashers(1)).token(value, "value") not in tokens
