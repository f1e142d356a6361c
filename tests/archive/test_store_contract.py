"""What every store promises; each test runs on a directory, on moto and on the real S3 server."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from foundations_archive import Entry, NotArchived, Store


def test_a_value_comes_back_as_it_was_put(store: Store) -> None:
    for data in (b"", b"plain", "grüße 🎉".encode(), bytes(range(256)), b"\r\n\x00\xff"):
        store.put("jobs/one/spec.json", data)
        assert store.get("jobs/one/spec.json") == data


def test_every_kind_of_bytes_can_be_written(store: Store) -> None:
    for kind in (bytes, bytearray, memoryview):
        store.put("put", kind(b"some bytes"))
        assert store.create(kind.__name__, kind(b"more bytes"))
        assert (store.get("put"), store.get(kind.__name__)) == (b"some bytes", b"more bytes")


def test_twenty_megabytes_come_back(store: Store) -> None:
    data = bytes(range(256)) * 4096 * 20
    store.put("blobs/big", data)
    assert store.get("blobs/big") == data
    assert entry(store, "blobs/big").size == len(data)


def test_a_second_put_replaces_the_value(store: Store) -> None:
    store.put("live/a", b"a long first value")
    store.put("live/a", b"second")
    assert store.get("live/a") == b"second"
    assert keys(store, "") == ["live/a"]


def test_readers_see_the_old_value_or_the_new_one(store: Store) -> None:
    values = [letter * 200_000 for letter in (b"a", b"b")]
    store.put("live/a", values[0])
    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(lambda: [store.put("live/a", value) for value in values * 5])
        seen = {store.get("live/a")}
        while not writing.done():
            seen.add(store.get("live/a"))
        writing.result()
    assert seen <= set(values)


def test_what_was_never_put_is_not_archived(store: Store) -> None:
    store.put("jobs/one/spec.json", b"x")
    for key in ("jobs/two", "jobs/one", "jobs", "jobs/one/spec.json2"):
        with pytest.raises(NotArchived) as raised:
            store.get(key)
        assert raised.value.key == key
        assert str(raised.value) == f"{key} is not in {store.location}"
        assert store.head(key) is None


def test_create_writes_only_where_nothing_is(store: Store) -> None:
    assert store.create("cache/a", b"first")
    assert not store.create("cache/a", b"second")
    assert store.get("cache/a") == b"first"


def test_create_works_again_after_a_delete(store: Store) -> None:
    assert store.create("lease/a", b"first")
    store.delete("lease/a")
    assert store.create("lease/a", b"second")
    assert store.get("lease/a") == b"second"


def test_one_of_sixteen_creators_wins(store: Store) -> None:
    barrier = Barrier(16)

    def create(number: int) -> bool:
        barrier.wait()
        return store.create("lease/race", f"writer {number}".encode())

    with ThreadPoolExecutor(16) as threads:
        won = list(threads.map(create, range(16)))
    assert won.count(True) == 1
    assert store.get("lease/race") == f"writer {won.index(True)}".encode()


def test_list_gives_what_starts_with_the_prefix_in_the_order_of_keys(store: Store) -> None:
    there = ["a-b", "a.b", "a/b", "a/b2/c", "a0", "ab", "abc/x", "abc/y/z", "b", "B", "a=b"]
    for key in there:
        store.put(key, b"x")
    for prefix in ("", "a", "ab", "a/", "a/b", "abc/", "abc/y", "abc/y/z", "a-b", "abcd", "c/", "abc/x/"):
        assert keys(store, prefix) == sorted(key for key in there if key.startswith(prefix)), prefix


def test_list_goes_past_a_thousand_keys(store: Store) -> None:
    there = [f"idx/t/{number:06d}" for number in range(1005)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda key: store.put(key, b"x"), there))
    assert keys(store, "idx/") == there


def test_an_empty_store_lists_nothing(store: Store) -> None:
    assert keys(store, "") == []
    assert keys(store, "jobs/") == []


def test_entries_tell_size_and_a_small_age(store: Store) -> None:
    store.put("jobs/one", b"12345")
    listed = next(iter(store.list("jobs/")))
    for found in (listed, entry(store, "jobs/one")):
        assert (found.key, found.size) == ("jobs/one", 5)
        assert 0 <= found.age < 60


def test_delete_may_be_repeated(store: Store) -> None:
    store.put("live/a", b"x")
    store.delete("live/a")
    store.delete("live/a")
    store.delete("never/was")
    assert store.head("live/a") is None
    assert keys(store, "") == []


def test_delete_leaves_what_is_below_the_key(store: Store) -> None:
    store.put("jobs/one/spec", b"x")
    store.delete("jobs/one")
    assert keys(store, "") == ["jobs/one/spec"]


def test_check_passes_twice_and_leaves_nothing(store: Store) -> None:
    store.check()
    store.check()
    assert keys(store, "") == []


def test_a_look_passes_before_and_after_the_first_write_and_leaves_nothing(store: Store) -> None:
    store.look()
    assert keys(store, "") == []
    store.put("a", b"x")
    store.look()
    assert keys(store, "") == ["a"]


def test_unsafe_keys_are_refused(store: Store) -> None:
    odd = ["", "/a", "a/", "a//b", "..", "a/../b", "a/.", ".", "a\0b", "a b", "ä", "a\\b", "a\n", ".tmp/a", "a" * 256]
    for key in [*odd, "/".join(["a" * 90] * 10)]:
        for verb in (store.get, store.head, store.delete):
            with pytest.raises(ValueError, match="key"):
                verb(key)
        for write in (store.put, store.create):
            with pytest.raises(ValueError, match="key"):
                write(key, b"x")


def test_unsafe_prefixes_are_refused(store: Store) -> None:
    for prefix in ("/", "../", "a/../", "a//", ".tmp/", "ä"):
        with pytest.raises(ValueError, match="key"):
            store.list(prefix)


def test_a_key_of_900_bytes_is_kept(store: Store) -> None:
    key = "/".join(["a" * 99] * 9)
    assert len(key) == 899
    store.put(key + "b", b"x")
    assert keys(store, "") == [key + "b"]


def test_names_that_only_look_odd_are_kept(store: Store) -> None:
    for key in (".hidden/..a", "a..b/...", "-", "=", "x/.tmp/y", ".tmpfile"):
        store.put(key, b"x")
        assert store.get(key) == b"x"


def keys(store: Store, prefix: str) -> list[str]:
    return [found.key for found in store.list(prefix)]


def entry(store: Store, key: str) -> Entry:
    found = store.head(key)
    assert found is not None
    return found
