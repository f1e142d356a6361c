"""Rows by columns, and as bytes."""

import json
import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foundations_archive import ArchiveDamaged
from foundations_archive.columns import Column
from foundations_archive.envelope import canonical
from foundations_archive.groups import grouped, merged
from foundations_archive.packs import Pack, jobs_named_in, unpacked
from tests.archive.index_rows import a_row

NAN = {"$float": "nan"}

numbers = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
    st.booleans(),
    st.sampled_from(
        [NAN, {"$float": "inf"}, {"$float": "-inf"}, {"$float": "odd"}, {"$float": [1]}, -0.0, 2**63, 2**63 - 1]
    ),
)
plain_values = st.recursive(
    st.one_of(numbers, st.none(), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
    max_leaves=4,
)
names = st.sampled_from(["loss", "rate", "ü", "", "x-0", "\ud800"])


@st.composite
def rows(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of jobs of a few shapes, so that groups have several."""
    shapes = draw(st.lists(st.lists(names, unique=True, max_size=3), min_size=1, max_size=3))
    made = []
    for number in range(draw(st.integers(1, 25))):
        shape = draw(st.sampled_from(shapes))
        row = a_row(f"job-{number:02d}", created=float(draw(st.integers(0, 3))))
        row["metrics"] = [
            [name, draw(st.lists(draw(st.sampled_from([numbers, plain_values])), max_size=3))] for name in shape
        ]
        row["parameters"] = {name: draw(plain_values) for name in reversed(shape)}
        row["tags"] = {name: draw(numbers) for name in shape[:1]}
        row["arguments"] = [[name, place, draw(plain_values)] for place, name in enumerate(shape)]
        row["unknown to this version"] = draw(plain_values)
        made.append(json.loads(canonical(row)))
    return made


def packed(some: list[dict[str, Any]], *, replaces: frozenset[str] = frozenset()) -> Pack:
    return Pack.of(merged(grouped(some)[0]), replaces)


def key_of(pack: Pack) -> str:
    return f"idx/demo/s/{pack.name}"


def exactly(some: list[dict[str, Any]]) -> list[str]:
    """What can be compared such that 1, 1.0 and True differ, and so do 0.0 and -0.0."""
    return sorted(json.dumps(row, sort_keys=False) for row in [dict(sorted(row.items())) for row in some])


@given(rows(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_rows_come_back_as_they_were(some: list[dict[str, Any]], compress: bool) -> None:
    pack = packed(some, replaces=frozenset({"idx/demo/t/job-00"}))
    again = unpacked(pack.packed(compress=compress), key_of(pack))
    assert exactly([row for group in again.groups for row in group.rows()]) == exactly(some)
    assert again.replaces == {"idx/demo/t/job-00"}
    assert again.rows == len(some)


@given(rows(), st.randoms(use_true_random=False))
@settings(max_examples=80, deadline=None)
def test_the_same_rows_make_the_same_bytes_in_whatever_order_and_through_whatever_packs(
    some: list[dict[str, Any]], random: Any
) -> None:
    whole = packed(some)
    mixed = random.sample(some, len(some))
    half = len(some) // 2
    parts = [packed(part) for part in (mixed[:half], mixed[half // 2 :]) if part]
    read = [unpacked(part.packed(), key_of(part)) for part in parts]
    again = Pack.of(merged([group for part in read for group in part.groups]), frozenset())
    assert (again.name, again.packed()) == (whole.name, whole.packed())


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.5, -0.0], "f8"),
        ([0.5, NAN], "f8"),
        ([NAN], "f8"),
        ([1, -(2**63), 2**63 - 1], "i8"),
        ([1, 2**63], "json"),
        ([1, 1.0], "json"),
        ([True, False], "json"),
        ([1, True], "json"),
        ([None, 0.5], "json"),
        ([0.5, {"$float": "odd"}], "json"),
        ([{"a": 1}], "json"),
        (["nan"], "json"),
        ([], "json"),
    ],
)
def test_a_column_is_as_narrow_as_keeps_its_values(values: list[Any], kind: str) -> None:
    column = Column.of(values)
    assert column.kind == kind
    again = Column(column.kind, size=len(values), data=column.data)
    assert repr(again.plain()) == repr(values)


def test_a_metric_that_was_logged_once_as_a_list_is_not_one_that_was_logged_twice() -> None:
    once, twice = a_row("a", m=[[1, 2]]), a_row("b", m=[1, 2])
    pack = packed([once, twice])
    assert [row["metrics"][0][1] for row in pack.groups[0].rows()] == [[[1, 2]], [1, 2]]


def test_numbers_are_compressed_only_where_it_pays() -> None:
    import random

    same = packed([a_row(f"{n:05d}", created=float(n), loss=0.5, step=n) for n in range(2000)])
    noise = packed([a_row(f"{n:05d}", created=float(n), loss=random.Random(n).random()) for n in range(20_000)])
    assert len(same.packed()) < same.size / 4
    assert b'["raw",160000,160000]' in noise.packed()
    for pack in (same, noise):
        assert unpacked(pack.packed(), key_of(pack)).digest == pack.digest


def test_what_two_rows_of_a_job_say_is_what_its_courier_says() -> None:
    dead, alive = a_row("job", sealed="jobs/job/a/2/post.json", loss=1.0), a_row("job", loss=2.0)
    for order in ([dead, alive], [alive, dead]):
        (row,) = (row for group in merged(grouped(order)[0]) for row in group.rows())
        assert row["sealed"] == "jobs/job/a/1/done.json"


@pytest.mark.parametrize(
    "wrong",
    [
        {"job_id": 3},
        {"created": None},
        {"created": True},
        {"started": "soon"},
        {"metrics": [["loss", 1]]},
        {"metrics": [["loss", [1]], ["loss", [2]]]},
        {"metrics": [["loss"]]},
        {"metrics": {}, "parameters": None},
        {"arguments": [["x", "0", 1]]},
        {"tags": 3},
    ],
)
def test_what_is_no_row_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, LookupError)):
        grouped([{**a_row("job"), **wrong}])
    with pytest.raises(ValueError, match="it lacks project"):
        grouped([{name: value for name, value in a_row("job").items() if name != "project"}])


@pytest.fixture(scope="module")
def whole() -> Pack:
    return packed([a_row(f"job-{n}", created=float(n), loss=n / 8, word="text") for n in range(20)])


def test_any_damage_to_a_pack_is_noticed(whole: Pack) -> None:
    data, harmless = whole.packed(), 0
    for place in range(len(data)):
        flipped = data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]
        with suppress(ArchiveDamaged):  # a bit that means nothing, as one of zlib's own, does no harm
            assert unpacked(flipped, key_of(whole)).parts == whole.parts
            harmless += 1
    assert harmless < 10
    for length in (*range(0, len(data), 7), len(data) - 1):
        with pytest.raises(ArchiveDamaged):
            unpacked(data[:length], key_of(whole))


def test_a_pack_is_refused_under_another_name(whole: Pack) -> None:
    for name in ("00020-0123456789abcdef", f"00021-{whole.digest[:16]}"):
        with pytest.raises(ArchiveDamaged, match="is not what its name says"):
            unpacked(whole.packed(), f"idx/demo/s/{name}")


def test_a_pack_of_a_newer_version_and_one_that_is_too_large_are_refused(whole: Pack) -> None:
    def with_head(old: bytes, new: bytes) -> bytes:
        data = whole.packed()
        (length,) = struct.unpack_from("<I", data, 4)
        head = data[8 : 8 + length].replace(old, new)
        return data[:4] + struct.pack("<I", len(head)) + head + data[8 + length :]

    with pytest.raises(ArchiveDamaged, match="newer version"):
        unpacked(with_head(b'"format":1', b'"format":2'), key_of(whole))
    with pytest.raises(ArchiveDamaged, match="larger than a pack may be"):
        unpacked(with_head(b"[[", b'[["zlib",999999999,1],['), key_of(whole))
    with pytest.raises(ArchiveDamaged, match="does not know"):
        unpacked(with_head(b'"zlib"', b'"lzma"'), key_of(whole))


def test_a_damaged_pack_may_still_tell_which_jobs_it_had(whole: Pack) -> None:
    data = whole.packed()
    assert jobs_named_in(data[:-3]) == [f"job-{n}" for n in range(20)]
    assert jobs_named_in(data[:20]) == jobs_named_in(b"") == jobs_named_in(b"FPK1\xff\xff\xff\xff") == []
