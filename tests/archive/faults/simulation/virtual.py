"""The real code under virtual time: its clocks, locks, threads, pools and random names are the world's."""

import io
import random
import secrets
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace, TracebackType
from typing import Any

from foundations_archive.parallel import aside
from tests.archive.faults.simulation.world import Actor, World

_ROOMS = ("foundations_archive", "foundations_runner")
# these look at the real main thread, which is no actor's
_LEFT_ALONE = {"foundations_runner.endings", "foundations_runner.interrupts"}


@contextmanager
def real_code_in(world: World) -> Iterator[None]:
    """Let the modules of the archive and the runner see the world's time, threads and randomness."""
    shims = _shims(world)
    changed: list[tuple[ModuleType, str, Any]] = []
    for name, module in list(sys.modules.items()):
        if module is None or name.partition(".")[0] not in _ROOMS or name in _LEFT_ALONE:
            continue
        for attribute, value in list(vars(module).items()):
            shim = shims.get(id(value))
            if shim is not None:
                changed.append((module, attribute, value))
                setattr(module, attribute, shim)
    try:
        yield
    finally:
        for module, attribute, value in changed:
            setattr(module, attribute, value)


def _shims(world: World) -> dict[int, Any]:
    clock = _clock(world)
    names = _names(world.random)
    threads = SimpleNamespace(
        Thread=lambda **options: _Thread(world, **options),
        Lock=lambda: _Lock(world),
        RLock=lambda: _Lock(world),
        Event=lambda: _Event(world),
        Condition=lambda: _Condition(world),
        main_thread=lambda: SimpleNamespace(ident=id(world.process)),
        current_thread=threading.current_thread,
        get_ident=threading.get_ident,
        local=threading.local,
    )
    signals = SimpleNamespace(
        SIGTERM=signal.SIGTERM, Signals=signal.Signals, pthread_kill=lambda ident, number: _signal(world, ident)
    )
    return {
        id(time): clock,
        id(time.sleep): clock.sleep,
        id(time.time): clock.time,
        id(time.monotonic): clock.monotonic,
        id(secrets): names,
        id(secrets.token_hex): names.token_hex,
        id(random): world.random,
        id(threading): threads,
        id(signal): signals,
        id(ThreadPoolExecutor): _Pool,
        id(aside): lambda work: _Pool().submit(work),
    }


def _clock(world: World) -> SimpleNamespace:
    return SimpleNamespace(
        time=lambda: world.now + (world.process.skew if world.running else 0.0),
        monotonic=lambda: world.now,
        perf_counter=lambda: world.now,
        sleep=world.pause,
    )


def _names(source: random.Random) -> SimpleNamespace:
    return SimpleNamespace(
        token_hex=lambda count=16: f"{source.getrandbits(8 * count):0{2 * count}x}",
        token_bytes=lambda count=16: source.randbytes(count),
        randbelow=source.randrange,
        SystemRandom=lambda: source,
    )


def _signal(world: World, ident: int) -> None:
    for process in world.processes:
        if id(process) == ident:
            process.signalled = True


class _Thread:
    """A thread of the process that makes it."""

    def __init__(
        self,
        world: World,
        *,
        target: Callable[..., None],
        name: str = "thread",
        args: tuple[Any, ...] = (),
        daemon: bool = False,
    ) -> None:
        del daemon
        self._world, self._target, self._args, self.name = world, target, args, name
        self._actor: Actor | None = None

    def start(self) -> None:
        self._actor = self._world.start(self._world.process, self.name, lambda: self._target(*self._args))

    def join(self, timeout: float | None = None) -> None:
        self._world.pause(float("inf") if timeout is None else timeout, lambda: not self.is_alive())

    def is_alive(self) -> bool:
        return self._actor is not None and not self._actor.ended


class _Lock:
    def __init__(self, world: World) -> None:
        self._world, self._held = world, False

    def acquire(self) -> bool:
        while self._held:
            self._world.pause(float("inf"), lambda: not self._held)
        self._held = True
        return True

    def release(self) -> None:
        self._held = False

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


class _Condition(_Lock):
    """A lock that whoever waits for something lets go of."""

    def wait_for(self, predicate: Callable[[], Any]) -> None:
        while not predicate():
            self.release()
            self._world.pause(float("inf"), lambda: bool(predicate()))
            self.acquire()

    def notify(self, count: int = 1) -> None:
        pass

    def notify_all(self) -> None:
        pass


class _Event:
    def __init__(self, world: World) -> None:
        self._world, self._set = world, False

    def wait(self, timeout: float | None = None) -> bool:
        if not self._set:
            self._world.pause(float("inf") if timeout is None else timeout, lambda: self._set)
        return self._set

    def set(self) -> None:
        self._set = True

    def clear(self) -> None:
        self._set = False

    def is_set(self) -> bool:
        return self._set


class _Pool:
    """A pool whose work is done by who asks for it: others come between two calls of it all the same."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def map(self, function: Callable[..., Any], *items: Iterable[Any]) -> Iterator[Any]:
        return iter([function(*item) for item in zip(*items, strict=False)])

    def submit(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Future[Any]:
        future: Future[Any] = Future()
        if not future.set_running_or_notify_cancel():
            return future
        try:
            future.set_result(function(*arguments, **options))
        except Exception as error:  # noqa: BLE001 - as a real pool does
            future.set_exception(error)
        return future

    def shutdown(self, *_: Any, **__: Any) -> None:
        pass

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Wire(io.RawIOBase):
    """What a courier says to its driver: bytes in memory."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, data: Any) -> int:
        self.pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass
