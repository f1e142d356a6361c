"""A store that counts what is asked of it, and may do something before an operation."""

from collections import Counter
from collections.abc import Callable, Iterator

from foundations_archive import Entry, Store


class CountedStore:
    """A store behind another face: each verb is counted, and `before` hears of it first."""

    def __init__(self, store: Store, *, before: Callable[[str, str], None] = lambda verb, key: None) -> None:
        self._store, self.before = store, before
        self.requests: Counter[str] = Counter()
        self.keys: list[tuple[str, str]] = []
        self.location = store.location

    def _said(self, verb: str, key: str) -> None:
        self.before(verb, key)
        self.requests[verb] += 1
        self.keys.append((verb, key))

    def get(self, key: str) -> bytes:
        self._said("get", key)
        return self._store.get(key)

    def put(self, key: str, data: bytes | bytearray | memoryview) -> None:
        self._said("put", key)
        self._store.put(key, data)

    def create(self, key: str, data: bytes | bytearray | memoryview) -> bool:
        self._said("create", key)
        return self._store.create(key, data)

    def list(self, prefix: str) -> Iterator[Entry]:
        self._said("list", prefix)
        found = list(self._store.list(prefix))
        self.requests["list"] += max(0, len(found) - 1) // 1000  # a page has a thousand
        return iter(found)

    def head(self, key: str) -> Entry | None:
        self._said("head", key)
        return self._store.head(key)

    def delete(self, key: str) -> None:
        self._said("delete", key)
        self._store.delete(key)

    def check(self) -> None:
        self._store.check()

    def look(self) -> None:
        self._store.look()

    def probe(self) -> bool:
        self._said("probe", "")
        return self._store.probe()

    def look_before_create(self) -> None:
        self._store.look_before_create()

    def sweep_temporary(self, older_than: float) -> int:
        self._said("sweep", "")
        return self._store.sweep_temporary(older_than)
