"""Work of the archive in a few threads at once, in order and bounded in what it holds."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

AT_ONCE = 16
MOST_BYTES = 48 * 1024 * 1024

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def ahead(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    *,
    at_once: int = AT_ONCE,
    size: Callable[[_Item], int] = lambda _: 0,
    most_bytes: int = MOST_BYTES,
) -> Generator[_Result]:
    """Yield `work(item)` for each item, in order, while later ones are under way.

    Items are taken only when there is room for one: fewer than `at_once` wait, and together they are not larger than
    `most_bytes`, but for the one that has to go on. The first that raises ends it.
    """
    waiting: deque[tuple[Future[_Result], int]] = deque()
    held, following = 0, iter(items)
    with ThreadPoolExecutor(at_once, thread_name_prefix="archive") as pool:
        try:
            for item in following:
                room = size(item)
                while waiting and held + room > most_bytes:
                    future, gone = waiting.popleft()
                    held -= gone
                    yield future.result()
                waiting.append((pool.submit(work, item), room))
                held += room
                del item  # what it holds is the work's alone now
                if len(waiting) >= at_once:
                    future, gone = waiting.popleft()
                    held -= gone
                    yield future.result()
            while waiting:
                yield waiting.popleft()[0].result()
        finally:
            for future, _ in waiting:
                future.cancel()


def aside(work: Callable[[], _Result]) -> Future[_Result]:
    """Begin some work in a thread that holds up nobody who gives up waiting for it, nor the end of the process."""
    future: Future[_Result] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - raised again where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, name="archive aside", daemon=True).start()
    return future


def at_once(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    *,
    threads: int = AT_ONCE,
    size: Callable[[_Item], int] = lambda _: 0,
    most_bytes: int = MOST_BYTES,
) -> list[_Result]:
    """Return `work(item)` for each item, in order; raise what the first that is seen to fail raises.

    An item is taken when another one's work is done, whichever that is: what is held is bounded as by `ahead`, and
    nothing waits for the oldest. That is for results that are small.
    """
    results: list[Future[_Result]] = []
    running: dict[Future[_Result], int] = {}
    with ThreadPoolExecutor(threads, thread_name_prefix="archive") as pool:
        try:
            for item in items:
                room = size(item)
                while len(running) >= threads or (running and sum(running.values()) + room > most_bytes):
                    for done in wait(running, return_when=FIRST_COMPLETED).done:
                        running.pop(done)
                        done.result()
                future = pool.submit(work, item)
                results.append(future)
                running[future] = room
                del item  # what it holds is the work's alone now
            return [result.result() for result in results]
        finally:
            for future in running:
                future.cancel()
