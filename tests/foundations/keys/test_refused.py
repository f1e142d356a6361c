"""What has no stable identity is refused, with the way to it and two ways out."""

import asyncio
import collections
import concurrent.futures
import contextvars
import csv
import ctypes
import functools
import io
import itertools
import logging
import mmap
import multiprocessing
import os
import queue
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import types
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import polars as pl
import pytest

from foundations.keys.values import NoStableIdentity, value_digest
from tests.foundations.keys import samples as s


def numbers() -> Iterator[int]:
    yield 1


async def later() -> None: ...


async def several() -> Any:
    yield 1


def frame_of() -> types.FrameType:
    return sys._getframe()


def traceback_of() -> Any:
    try:
        int("x")
    except ValueError as error:
        return error.__traceback__


class Raising:
    def __reduce__(self) -> Any:
        raise RuntimeError("no\nway")


class Strange:
    def __reduce__(self) -> Any:
        return 1, 2, 3


class Selfish:
    def __foundations_key__(self) -> Any:
        return self


class Failing:
    def __foundations_key__(self) -> Any:
        raise KeyError("key")


class Lost:
    def __reduce__(self) -> str:
        return "nowhere"


class Handler(logging.Handler): ...


class Text(io.TextIOBase): ...


MAKERS: dict[str, Callable[[], Any]] = {
    "a generator": numbers,
    "a coroutine": later,
    "an asynchronous generator": several,
    "a frame": frame_of,
    "a traceback": traceback_of,
    "an iterator of a list": lambda: iter([1]),
    "an iterator of a dict": lambda: iter({1: 2}),
    "a map": functools.partial(map, len, []),
    "a zip": lambda: zip([1], [2], strict=True),
    "an enumerate": lambda: enumerate([1]),
    "a reversed": lambda: reversed([1]),
    "an itertools": itertools.count,
    "a chain": lambda: itertools.chain([1]),
    "a csv reader": lambda: csv.reader(["a"]),
    "an iterator over an array": lambda: np.arange(3).flat,
    "standard output": lambda: sys.__stdout__,
    "a text stream of a class": Text,
    "a temporary file": tempfile.SpooledTemporaryFile,
    "a temporary folder": tempfile.TemporaryDirectory,
    "a lock": threading.Lock,
    "a reentrant lock": threading.RLock,
    "a condition": threading.Condition,
    "an event": threading.Event,
    "a semaphore": lambda: threading.Semaphore(1),
    "a thread": threading.Thread,
    "what threads have each": threading.local,
    "a queue": queue.Queue,
    "a simple queue": queue.SimpleQueue,
    "a pool": lambda: concurrent.futures.ThreadPoolExecutor(1),
    "a future": concurrent.futures.Future,
    "a process": multiprocessing.Process,
    "a weak reference": lambda: weakref.ref(s.first),
    "a weak proxy": lambda: weakref.proxy(s.first),
    "a weak set": weakref.WeakSet,
    "a weak dict": weakref.WeakValueDictionary,
    "a finalizer": lambda: weakref.finalize(s.first, print),
    "a pointer": lambda: ctypes.pointer(ctypes.c_int(1)),
    "an address": lambda: ctypes.c_void_p(1),
    "a text at an address": lambda: ctypes.c_char_p(b"a"),
    "a library": lambda: ctypes.CDLL(None),
    "a function of a library": lambda: ctypes.CDLL(None).printf,
    "a capsule": lambda: getattr(__import__("datetime"), "datetime_CAPI"),  # noqa: B009
    "mapped memory": lambda: mmap.mmap(-1, 10),
    "a context": contextvars.Context,
    "a context variable": lambda: contextvars.ContextVar("x"),
    "a cell": lambda: types.CellType(1),
    "a bare object": object,
    "the system's random numbers": random.SystemRandom,
    "a handler of logs": Handler,
    "what raises": Raising,
    "what reduces strangely": Strange,
    "what can't be found": Lost,
    "what stands for itself": Selfish,
    "what has no key": Failing,
    "a lazy frame": lambda: pl.LazyFrame({"a": [1]}),
    "an event loop's queue": asyncio.Queue,
}


@pytest.mark.parametrize("name", MAKERS)
def test_it_is_refused_with_the_way_to_it(name: str) -> None:
    value = MAKERS[name]()
    for holder, step in (
        (value, ""),
        ({"x": [0, 1, 2, s.Plain(handle=value)]}, "['x'][3].handle"),
        ([collections.deque([(s.Data(1, {1: value}),)])], "[0][0][0].right[1]"),
    ):
        with pytest.raises(NoStableIdentity) as caught:
            value_digest(holder, code=s.code_of, path="argument data")
        error = caught.value
        # the culprit, or a part of it
        assert error.path.startswith(f"argument data{step}")
        assert str(error).startswith(f"{error.path} is of type {error.kind} ")
        assert "foundations.ignore" in str(error)
        assert "__foundations_key__" in str(error) or ".stage(list)" in str(error)
        assert "\n" not in str(error)
    close(value)


@pytest.mark.parametrize("made", [numbers, lambda: iter([1])])
def test_of_what_is_used_up_a_list_is_advised(made: Callable[[], Any]) -> None:
    with pytest.raises(NoStableIdentity, match=r"make a list of what it gives.*\.stage\(list\)") as caught:
        value_digest(made(), code=s.code_of)
    assert "__foundations_key__" not in str(caught.value)


def close(value: Any) -> None:
    # a library's `close` is the system's own, which would close whatever descriptor comes to hand
    if value is sys.__stdout__ or isinstance(value, ctypes.CDLL):
        return
    for name in ("close", "cleanup", "shutdown"):
        if callable(getattr(value, name, None)):
            getattr(value, name)()


@pytest.mark.parametrize(
    "kind", ["open file", "binary file", "descriptor", "socket", "database", "cursor", "folder", "process"]
)
def test_what_the_system_keeps_open_is_refused(kind: str, tmp_path: Any) -> None:
    (tmp_path / "file").write_text("text")
    with (
        open(tmp_path / "file") as text,
        open(tmp_path / "file", "rb") as binary,
        open(tmp_path / "file", "rb", buffering=0) as raw,
        socket.socket() as connection,
        sqlite3.connect(":memory:") as database,
        os.scandir(tmp_path) as folder,
        subprocess.Popen(["true"]) as process,
    ):
        cursor = database.cursor()
        values = [text, binary, raw, connection, database, cursor, folder, process]
        names = ["open file", "binary file", "descriptor", "socket", "database", "cursor", "folder", "process"]
        with pytest.raises(NoStableIdentity, match=r"^value\[0\] is of type"):
            value_digest([values[names.index(kind)]], code=s.code_of)
    database.close()


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({1: {"a": [iter([])]}}, "value[1]['a'][0]"),
        ({iter([]): 1}, "value.keys()[0]"),
        ({"a": (1, {2: s.Slotted(iter([]))})}, "value['a'][1][2].left"),
        (s.Keyed([1, iter([])]), "value.__foundations_key__()[1]"),
        (np.array([1, iter([])], dtype=object), "value[1]"),
        (s.Model(left=iter([])), "value.left"),
        (s.Attrs(iter([])), "value.left"),
        (s.FrozenData(iter([])), "value.left"),
        (s.List([1, iter([])]), "value[1]"),
        (s.Dict(a=iter([])), "value['a']"),
        (s.with_note(s.List([1]), iter([])), "value.note"),
        (s.Plain(x=s.Plain(y=iter([]))).method, "value.__self__.x.y"),
        (s.table(int, a=iter([])), "value['a']"),
        (types.SimpleNamespace(a=iter([])), "value.a"),
        (types.MappingProxyType({"a": iter([])}), "value['a']"),
        ([{"long" * 50: iter([])}], "value[0]['" + "long" * 15 + "'... 200 in all]"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_the_path_is_what_one_would_write(value: Any, path: str) -> None:
    with pytest.raises(NoStableIdentity) as caught:
        value_digest(value, code=s.code_of)
    assert caught.value.path == path


def test_a_very_long_path_is_cut() -> None:
    deep: Any = iter([])
    for _ in range(1000):
        deep = [deep]
    with pytest.raises(NoStableIdentity) as caught:
        value_digest(deep, code=s.code_of, path="argument x")
    assert caught.value.path.startswith("argument x[0][0]")
    assert len(caught.value.path) < 400


def test_code_that_can_not_be_told_is_refused() -> None:
    def code(value: Any) -> bytes:
        raise OSError("no source")

    with pytest.raises(NoStableIdentity, match=r"value\[0\] is of type function .*OSError: no source"):
        value_digest([s.first], code=code)


def test_a_refusal_of_the_code_is_passed_on_as_it_is() -> None:
    refusal = NoStableIdentity("global LOCK", "lock", "it is a lock")

    def code(value: Any) -> bytes:
        raise refusal

    with pytest.raises(NoStableIdentity) as caught:
        value_digest([s.first], code=code)
    assert caught.value is refusal
