"""Records as bytes: whatever happens to them, a reader gets what was written or an error that says so."""

import hashlib
import json
import math
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from foundations_archive import ArchiveDamaged, envelope
from foundations_archive.envelope import canonical, seal, tagged, unseal, untagged
from foundations_archive.errors import ArchiveUntrusted, NewerFormat
from foundations_archive.signing import SigningKey

KEY = "jobs/one/spec.json"
BODY = {"text": "grüße \ud800", "list": [1, 2.5, None, True, 5e-324], "inner": {"": {}}}
LARGE = {"rows": [{"number": number, "name": f"row {number}"} for number in range(1000)]}


def made(body: str = "{}", **head: Any) -> bytes:
    """A record as someone else could write it."""
    digest = hashlib.sha256(body.encode()).hexdigest()
    fields = {"format": 1, "kind": "spec", "nonce": "0", "sha256": digest, **head}
    return f'{json.dumps(fields)[:-1]}, "body": {body}}}'.encode()


@pytest.mark.parametrize("body", [BODY, LARGE, {}, [], [BODY, LARGE], None, "text", 0, 2**70])
def test_a_record_comes_back_as_it_was_sealed(body: Any) -> None:
    assert unseal("spec", seal("spec", body), KEY) == body


def test_a_small_record_can_be_read_by_people_and_a_large_one_is_compressed() -> None:
    small = json.loads(seal("spec", BODY))
    assert (small["format"], small["kind"], small["body"]) == (1, "spec", BODY)
    assert len(seal("spec", LARGE)) < len(canonical(LARGE)) / 4


def test_records_of_equal_content_tell_themselves_apart() -> None:
    assert seal("spec", BODY) != seal("spec", BODY)


@pytest.mark.parametrize("body", [math.nan, [math.inf], object(), {1, 2}, b"bytes"])
def test_what_json_does_not_know_is_not_sealed(body: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        seal("spec", body)


@pytest.mark.parametrize("body", [BODY, {"rows": LARGE["rows"][:120]}], ids=["plain", "compressed"])
def test_a_record_with_one_byte_changed_is_damaged_or_says_the_same(body: Any) -> None:
    whole = seal("spec", body)
    for place in range(len(whole)):
        for change in (0x01, 0x06, 0x80):
            changed = bytearray(whole)
            changed[place] ^= change
            with suppress(ArchiveDamaged, NewerFormat):  # the one byte may be that of the format
                assert unseal("spec", bytes(changed), KEY) == body


@pytest.mark.parametrize("body", [BODY, LARGE], ids=["plain", "compressed"])
def test_a_record_that_is_cut_off_is_damaged(body: Any) -> None:
    whole = seal("spec", body)
    for length in {0, 1, 2, 3, 4, len(whole) // 2, len(whole) - 1}:
        with pytest.raises(ArchiveDamaged):
            unseal("spec", whole[:length], KEY)


def test_a_record_of_another_kind_is_damaged() -> None:
    with pytest.raises(ArchiveDamaged, match="its digest or kind differs"):
        unseal("job", seal("spec", BODY), KEY)


@pytest.mark.parametrize("body", [BODY, LARGE], ids=["plain", "compressed"])
def test_a_record_that_was_written_for_another_key_is_damaged(body: Any) -> None:
    whole = seal("spec", body, key=KEY)
    assert unseal("spec", whole, KEY) == body
    assert unseal("spec", seal("spec", body), KEY) == body  # as earlier versions wrote it
    with pytest.raises(ArchiveDamaged, match=f"the record jobs/two/spec.json was written for {KEY}") as raised:
        unseal("spec", whole, "jobs/two/spec.json")
    assert raised.value.key == "jobs/two/spec.json"


def test_what_says_where_a_record_belongs_is_as_safe_as_the_rest_of_it() -> None:
    whole = seal("spec", {"a": 1}, key=KEY)
    start = whole.index(b'"$key"')
    for place in range(start, start + len(f'"$key":"{KEY}"')):
        changed = bytearray(whole)
        changed[place] ^= 1
        with pytest.raises(ArchiveDamaged):
            unseal("spec", bytes(changed), KEY)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
HEADS = st.dictionaries(st.sampled_from(["format", "kind", "nonce", "sha256", "signature", "body"]), JSON)


def unsealed(data: bytes) -> None:
    for signing in (None, SigningKey((b"k" * 32,))):
        with suppress(ArchiveDamaged, NewerFormat, ArchiveUntrusted):
            unseal("spec", data, KEY, signing=signing)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_of_any_bytes_nothing_comes_but_a_record_or_an_error_of_ours(data: bytes) -> None:
    unsealed(data)
    unsealed(b"FZ1" + data)
    unsealed(b"FZ1" + zlib.compress(data))


@settings(deadline=None)
@given(HEADS)
@example({"format": True, "kind": "spec", "nonce": None, "sha256": {"a": []}, "body": {}})
@example({"format": 1, "kind": "spec", "nonce": "0", "sha256": "\ud800", "signature": "\ud800", "body": 10**4000})
def test_of_any_json_nothing_comes_but_a_record_or_an_error_of_ours(head: dict[str, Any]) -> None:
    unsealed(json.dumps(head).encode())
    if "body" in head:
        with suppress(ValueError):  # NaN
            head["sha256"] = hashlib.sha256(canonical(head["body"])).hexdigest()
        unsealed(json.dumps({"format": 1, "kind": "spec", "nonce": "0", **head}).encode())


@settings(deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_whatever_is_written_into_a_record_it_is_that_record_or_an_error_of_ours(place: int, put: bytes) -> None:
    for body in (BODY, LARGE):
        whole = bytearray(seal("spec", body))
        at = place % len(whole)
        whole[at : at + len(put)] = put
        with suppress(ArchiveDamaged, NewerFormat):
            assert unseal("spec", bytes(whole), KEY) == body


def test_what_a_name_says_twice_counts_as_it_is_hashed() -> None:
    doubled = '{"a":1,"a":2}'
    assert unseal("spec", made(doubled), KEY) == {"a": 2}
    with pytest.raises(ArchiveDamaged):
        unseal("spec", made(doubled, sha256=hashlib.sha256(b'{"a":1}').hexdigest()), KEY)


def test_a_record_made_by_hand_is_read() -> None:
    assert unseal("spec", made('{"a":1}'), KEY) == {"a": 1}
    assert unseal("spec", made(' { "a": 1 }', sha256=hashlib.sha256(b'{"a":1}').hexdigest()), KEY) == {"a": 1}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"3",
        b"\xff\xfe",
        b"\x00" * 100,
        b"FZ1",
        b"FZ1" + b"\x00" * 10,
        b"FZ1" + zlib.compress(b"not json"),
        b"FZ1" + zlib.compress(b"FZ1" + zlib.compress(b"{}")),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        made("NaN"),
        made("[Infinity]"),
        made('{"a":1e999}'),
        made("9" * 5000),
        made(format=None),
        made(format="1"),
        made(format=[]),
        made(kind=None),
        made(kind=["spec"]),
        made(sha256=None),
        made(sha256="0" * 64),
        made().replace(b'"sha256"', b'"sha-256"'),
        made().replace(b'"body"', b'"corpus"'),
    ],
    ids=lambda data: ascii(data[:40]),
)
def test_what_is_no_record_is_damaged(data: bytes) -> None:
    with pytest.raises(ArchiveDamaged) as raised:
        unseal("spec", data, KEY)
    assert raised.value.key == KEY


def test_a_record_of_a_newer_format_says_to_upgrade() -> None:
    with pytest.raises(NewerFormat, match=f"the record {KEY} was written by a newer version; upgrade foundations"):
        unseal("spec", made(format=2), KEY)


def test_a_small_record_does_not_unpack_to_more_than_a_reader_can_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope, "_LARGEST", 10_000)
    assert unseal("spec", b"FZ1" + zlib.compress(made(json.dumps("x" * 5_000))), KEY) == "x" * 5_000
    bomb = b"FZ1" + zlib.compress(made(json.dumps("x" * 10_000_000)))
    assert len(bomb) < 20_000
    with pytest.raises(ArchiveDamaged, match="cut off or larger than a record may be"):
        unseal("spec", bomb, KEY)


def test_canonical_text_does_not_depend_on_how_a_value_was_built() -> None:
    for body in ({"b": 1, "a": [1.0, "ü"]}, {"a": [1.0, "ü"], "b": 1}):
        assert canonical(body) == b'{"a":[1.0,"\\u00fc"],"b":1}'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.inf, {"$float": "inf"}),
        (-math.inf, {"$float": "-inf"}),
        ([1.5, [math.inf]], [1.5, [{"$float": "inf"}]]),
        ({"a": {"b": math.inf}}, {"a": {"b": {"$float": "inf"}}}),
        ("text", "text"),
        (None, None),
        (True, True),
    ],
)
def test_numbers_that_json_lacks_are_tagged_and_come_back(value: Any, expected: Any) -> None:
    assert tagged(value) == expected
    assert untagged(json.loads(json.dumps(tagged(value), allow_nan=False))) == value


def test_nan_is_tagged_and_comes_back() -> None:
    assert tagged((math.nan,)) == [{"$float": "nan"}]
    assert math.isnan(untagged({"$float": "nan"}))


def test_what_is_nested_too_deeply_stays_as_it_is() -> None:
    deep: Any = [{"$float": "nan"}]
    for _ in range(5000):
        deep = [deep]
    assert untagged(deep) is deep


def test_an_object_that_only_looks_tagged_stays_as_it_is() -> None:
    odd = ({"$float": value} for value in ("no number", "1.5", None, [], {}, "NaN"))
    for value in ({"$float": "nan", "more": 1}, {"float": "nan"}, {}, *odd):
        assert untagged(value) == value
