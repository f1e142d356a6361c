"""What the worker says to the courier: as notes, or as messages where bytes or an answer come along."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Protocol, Self

from foundations.dry_run import Foreseen
from foundations.entries import Claim, Hit, Question
from foundations.execute import Outcome
from foundations.explanation import Explanation
from foundations.graph import Call
from foundations.output import Output
from foundations.plain import tagged_float
from foundations.values import decode

_LONGEST_NOTE = 1 << 20
_MOST_SERIES = 10_000
_LONGEST_SERIES_KEY = 10_000


class Ring(Protocol):
    """Notes that the courier reads on its own, even when this process has been killed."""

    def number(self, series: int, value: float, at: float) -> None:
        """Note a number of a series and its time."""

    def text(self, data: bytes) -> None:
        """Note some bytes."""


class Channel(Protocol):
    """A pipe to another process, and in the worker the notes beside the one to the courier."""

    ring: Ring | None
    speaking: dict[int, type[BaseException] | None]

    @classmethod
    def of(cls, descriptor: int) -> Self:
        """Return the channel over a connected socket's descriptor."""

    def send(self, message: Mapping[str, Any], buffers: Iterable[memoryview | bytes] = ()) -> None:
        """Send a message and the buffers that belong to it."""

    def receive(self) -> dict[str, Any]:
        """Return the next message."""

    def buffer(self, size: int) -> bytearray:
        """Return the next buffer of a message."""

    def ask(self, message: Mapping[str, Any], then: Any) -> Any:
        """Send a question, and return what `then` makes of the answer."""

    def waits(self, seconds: float | None) -> bool:
        """Tell whether a message, or the end, is there to receive, waiting for it for a while (None: for ever)."""

    def close(self) -> None:
        """Close this end."""


class Report:
    """Says to the courier what happens; safe from any thread, and in processes that a stage forks."""

    def __init__(self, channel: Channel, output: Output) -> None:
        self._channel, self._output = channel, output
        self._ring = channel.ring
        self._series: dict[tuple[str, str], int] = {}
        self._numbers = count(1)
        self._naming = threading.Lock()
        self._ending = threading.Lock()
        self._explained: set[str] = set()
        self._explaining = threading.Lock()
        os.register_at_fork(after_in_child=self._leave_ring)

    def metric(self, stage: str, key: str, value: Any) -> None:
        """Take one metric, whose value is plain JSON or a float."""
        self.metric_at(stage, key, value, time.time())

    def metric_at(self, stage: str, key: str, value: Any, at: float) -> None:
        """Take one metric that was logged at a time."""
        if self._ring is not None and (type(value) is float or type(value) is int):
            series = self._series.get((stage, key)) or self._named(stage, key)
            try:
                if series:
                    self._ring.number(series, value, at)
                    return
            except OverflowError:
                pass
        self.note({"say": "metric", "stage": stage, "key": key, "value": tagged_float(value), "time": at})

    def started(self, call: Call) -> None:
        """Take note that a stage begins."""
        self._output.begin(call.id)
        self.note({"say": "started", "stage": call.id, "time": time.time()})

    def retried(self, call: Call, attempt: int, error: str) -> None:
        """Take note that an attempt at a stage has failed, and that another one follows."""
        self.note({"say": "retried", "stage": call.id, "attempt": attempt, "error": error, "time": time.time()})

    def served(self, hits: Sequence[tuple[Call, Hit]], seconds: float) -> None:
        """Take note that stages need not run, as entries of the cache serve them, and what that took for each."""
        stages = [
            {"stage": call.id, "name": hit.name, "cached_from": hit.job_id, "persisted": call.persisted}
            for call, hit in hits
        ]
        self._channel.send({"say": "served", "stages": stages, "seconds": seconds, "time": time.time()})

    def expected(self) -> Mapping[str, Mapping[str, Hit]]:
        """Return entries of the cache that stages may ask for, by stage and name."""
        told = self.ask({"say": "expected"})["entries"]
        return {stage: {hit["name"]: Hit(**hit) for hit in hits} for stage, hits in told.items()}

    def find(self, questions: Sequence[Question], *, beside: bool) -> list[list[Hit]]:
        """Return for each question the entries of the cache under its keys, or `beside` these, the best first."""
        asked = [{"stage": one.call.id, "keys": one.keys} for one in questions]
        answer = self.ask({"say": "lookup", "questions": asked, "beside": beside})
        return [[Hit(**hit) for hit in hits] for hits in answer["entries"]]

    def take(self, hits: Sequence[tuple[Call, Hit]]) -> list[bool]:
        """Say that stages are served from these entries; tell of each whether all that it names is there."""
        taken = [{"stage": call.id, "name": hit.name, "persisted": call.persisted} for call, hit in hits]
        whole: list[bool] = self.ask({"say": "take", "hits": taken})["whole"]
        return whole

    def load(self, call: Call) -> tuple[bool, Any]:
        """Return True and the result of a stage that is served, or False where it can't be had after all."""
        answer: tuple[bool, Any] = self._channel.ask({"say": "load", "stage": call.id}, self._loaded)
        return answer

    def claim(self, call: Call, key: str, *, looked: int | None, waits: bool) -> Claim:
        """Return what a stage shall do that wants to compute a key, see `Entries.claim`."""
        question = {"say": "claim", "stage": call.id, "key": key, "looked": looked, "waits": waits}
        return Claim(**self.ask(question))

    def ended(self, call: Call, outcome: Outcome) -> None:
        """Take note that a stage has ended, and keep its result where the outcome holds one."""
        self._output.end(call.id)
        end = {
            "say": "ended",
            "stage": call.id,
            "status": outcome.status,
            "seconds": outcome.seconds,
            "time": time.time(),
        }
        more = {
            "error": outcome.error,
            "exception": outcome.exception,
            "unserializable": outcome.unserializable,
            "cache_key": outcome.kept.key if outcome.kept else None,
            "explanation": self._explain(outcome.explanation) if outcome.explanation else None,
        }
        end |= {name: text for name, text in more.items() if text is not None}
        if outcome.encoding is None and outcome.explanation is None and outcome.status != "cached":
            self.note(end)
        else:
            self._end_with_value(call, outcome, end)

    def foreseen(self, stages: Sequence[Foreseen]) -> None:
        """Say what would become of the stages, and what explains it."""
        for one in stages:
            if one.explanation is not None:
                self._explain(one.explanation)
        self._channel.send({"say": "foreseen", "stages": [one.told() for one in stages]})

    def note(self, message: Mapping[str, Any]) -> None:
        """Say something short that needs no answer."""
        data = json.dumps(message).encode()
        if self._ring is not None and len(data) <= _LONGEST_NOTE:
            self._ring.text(data)
        else:
            self._channel.send(message)

    def send(self, message: Mapping[str, Any], parts: Iterable[memoryview | bytes]) -> None:
        """Send bytes, and what they are."""
        self._channel.send(message, parts)

    def ask(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a question."""
        answer: dict[str, Any] = self._channel.ask(message, dict)
        return answer

    def _end_with_value(self, call: Call, outcome: Outcome, end: dict[str, Any]) -> None:
        kept = outcome.kept
        cached = kept is not None
        with self._ending:  # one after the other: a value and the end of its stage belong together
            if outcome.encoding is not None:
                value = {"say": "value", "stage": call.id, "encoding": outcome.encoding, "cached": cached}
                self._channel.send({**value, "persisted": call.persisted}, outcome.buffers)
            keep = cached and outcome.encoding is not None
            end |= {"cached_from": outcome.cached_from, "persisted": call.persisted, "keep": keep}
            if kept:
                end |= {"content": kept.content, "observed": kept.observed, "place": kept.place}
            self._channel.send(end)

    def _explain(self, explanation: Explanation) -> tuple[str, ...]:
        """Hand over what of an explanation has not been said yet, and return the names of its documents."""
        with self._explaining:  # whoever names a document next comes after it
            new = [one for one in explanation.documents if one.name not in self._explained]
            if new:
                names = [one.name for one in new]
                self._channel.send({"say": "explain", "names": names}, [one.data for one in new])
                self._explained.update(names)
        return explanation.names

    def _named(self, stage: str, key: str) -> int:
        """Return the number of a new series, or 0 where there are too many to remember, or its key is no note."""
        if len(key) > _LONGEST_SERIES_KEY:
            return 0
        with self._naming:
            number = self._series.get((stage, key), 0)
            if not number and len(self._series) < _MOST_SERIES:
                number = next(self._numbers)  # never twice, though a time limit may end this call before it is known
                self.note({"say": "series", "series": number, "stage": stage, "key": key})
                self._series[stage, key] = number
            return number

    def _leave_ring(self) -> None:
        # its writer counts in this process's memory, and two processes would write over each other
        self._ring = None
        self._naming, self._ending, self._explaining = threading.Lock(), threading.Lock(), threading.Lock()

    def _loaded(self, answer: dict[str, Any]) -> tuple[bool, Any]:
        if not answer["hit"]:
            return False, None
        data = list(buffers(self._channel, answer))
        try:
            return True, decode(answer["encoding"], data)
        except Exception as error:  # noqa: BLE001 - unpickling runs the user's own code, which may raise anything
            text = f"foundations: warning: a cached result can't be unpickled and is computed anew: {error}"
            print(text, file=sys.stderr, flush=True)
            return False, None


def buffers(channel: Channel, message: Mapping[str, Any]) -> Iterator[bytearray]:
    """Yield the buffers that a message announces."""
    for size in message.get("sizes", ()):
        yield channel.buffer(size)
