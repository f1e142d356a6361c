"""What every store promises; each test runs on a directory, on moto and on the real S3 server."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from foundations_archive import Entry, NotArchived, Store

# more than a page's thousand; some of them are put elsewhere by servers that take '/' for a folder's end
CROWD = [
    *(f"idx/t/{number:06d}" for number in range(1040)),
    *(f"idx/t/{number:06d}=post" for number in range(990, 1010)),
    *(f"idx/t{mark}{number:02d}" for mark in "-.=" for number in range(10)),
    *("idx/t0", "idx/t/000999.d/below", "i", "z/a-b", "z/a/b", "z/a.b", "z/a0"),
]


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


def test_a_crowd_is_listed_whole_and_in_the_order_of_keys(crowded: Store) -> None:
    assert keys(crowded, "") == sorted(CROWD)


@pytest.mark.parametrize(
    "prefix",
    [
        "idx/",
        "idx/t",
        "idx/t/",
        "idx/t/000",
        "idx/t/00099",
        "idx/t/000999",
        "idx/t-",
        "idx/t.",
        "idx/t=",
        "i",
        "z",
        "idx/t/0010",
    ],
)
def test_a_prefix_of_a_crowd_gives_what_starts_with_it(crowded: Store, prefix: str) -> None:
    assert keys(crowded, prefix) == sorted(key for key in CROWD if key.startswith(prefix))


def test_in_a_crowd_every_verb_keeps_its_promise(crowded: Store) -> None:
    key = "idx/t/000998=post"
    assert crowded.get(key) == key.encode()
    assert entry(crowded, key).size == len(key)
    assert not crowded.create(key, b"other")
    assert crowded.create("idx/t/000998=post2", b"new")
    assert keys(crowded, "idx/t/000998") == ["idx/t/000998", key, "idx/t/000998=post2"]
    crowded.delete("idx/t/000998=post2")
    crowded.put(key, key.encode())
    assert keys(crowded, "") == sorted(CROWD)


def test_a_probe_finds_that_a_taken_name_is_refused(store: Store) -> None:
    assert store.probe()
    assert keys(store, "") == []
    assert store.create("a", b"x")
    assert not store.create("a", b"y")


def test_a_store_that_looks_first_still_creates_once(store: Store) -> None:
    store.look_before_create()
    assert store.create("a", b"x")
    assert not store.create("a", b"y")
    assert store.get("a") == b"x"


def test_a_sweep_takes_nothing_that_has_a_key(store: Store) -> None:
    store.put("a", b"x")
    store.put("x/.tmp/y", b"x")
    assert store.sweep_temporary(-1) == 0
    assert keys(store, "") == ["a", "x/.tmp/y"]


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
