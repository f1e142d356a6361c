"""Text is parsed right while other threads parse too."""

import ast
import gc
import sys
import threading
from collections.abc import Iterator

import pytest

from foundations.keys.parsing import parsed

TEXT = "def f():\n" + "".join(f"    x{n} = [(a, {{b: c}}) for a in range({n}) if (a + {n}) * 2]\n" for n in range(60))


class Slow:
    """Is collected in Python code, so that another thread may have its turn within a parse."""

    def __init__(self) -> None:
        self.myself = self

    def __del__(self) -> None:
        sum(range(2000))


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can, and garbage is collected all the time."""
    threshold, interval = gc.get_threshold(), sys.getswitchinterval()
    gc.set_threshold(50)
    sys.setswitchinterval(1e-6)
    yield
    gc.set_threshold(*threshold)
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("hasty")
def test_threads_that_parse_at_once_do_each_other_no_harm() -> None:
    failures: list[Exception] = []
    ended = threading.Event()

    def others() -> None:
        """Parse as a user's own threads do, which wait for nobody."""
        while not ended.is_set():
            Slow()
            try:
                ast.parse(TEXT)
            except SystemError:  # Python 3.11's
                continue

    def ours() -> None:
        for _ in range(50):
            Slow()
            try:
                assert len(parsed(TEXT).body) == 1
            except Exception as error:  # noqa: BLE001 - whatever it is, the test tells it
                failures.append(error)

    theirs = [threading.Thread(target=others) for _ in range(2)]
    threads = [threading.Thread(target=ours) for _ in range(2)]
    for thread in theirs + threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    for thread in theirs:
        thread.join()
    assert failures == []


def test_text_that_is_no_python_stays_an_error() -> None:
    with pytest.raises(SyntaxError):
        parsed("def")
