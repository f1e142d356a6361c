"""What `ignore` marks counts as nothing, and reaches the stage as it is."""

import pickle
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

import foundations
from foundations.graph import Upstream, holes
from foundations.keys.ignored import without_marks
from foundations.keys.stage_keys import StageKeys
from foundations.keys.values import NoStableIdentity
from foundations.pickling import pickle_graph
from foundations.same_process import run_here
from tests.foundations.keys.samples import Data, digest
from tests.foundations.test_execute import ROOT, run


def unmarked(value: Any) -> Any:
    (found,), named = without_marks((value,), {"x": value})
    assert named.keys() == {"x"}
    assert repr(named["x"]) == repr(found)
    return found


@pytest.mark.parametrize(
    ("marked", "bare"),
    [
        (foundations.ignore(1), 1),
        ([1, foundations.ignore([2])], [1, [2]]),
        ((foundations.ignore(1), 2), (1, 2)),
        ({"a": {"b": foundations.ignore(1)}}, {"a": {"b": 1}}),
        ({foundations.ignore(1)}, {1}),
        (frozenset({foundations.ignore("a")}), frozenset({"a"})),
        ([[[({"x": foundations.ignore(None)},)]]], [[[({"x": None},)]]]),
        (foundations.ignore([foundations.ignore(1), 2]), [1, 2]),
        (Data(foundations.ignore(1)), Data(1)),
    ],
    ids=repr,
)
def test_marks_are_taken_out_wherever_they_stand(marked: Any, bare: Any) -> None:
    found = unmarked(marked)
    assert type(found) is type(bare)
    assert found == bare


def test_what_holds_no_mark_is_not_copied() -> None:
    kept: list[Any] = [1, {"a": (2,)}, object()]
    marked = [kept, foundations.ignore(1), kept]
    found = unmarked(marked)
    assert found[0] is kept
    assert found[2] is kept
    assert unmarked(kept) is kept
    assert isinstance(marked[1], type(foundations.ignore(1)))


def test_what_holds_itself_stays_what_it_is() -> None:
    ring: list[Any] = [1]
    ring.append(ring)
    assert unmarked([foundations.ignore(2), ring])[1] is ring


def test_marking_twice_is_marking_once() -> None:
    assert foundations.ignore(foundations.ignore(1)).value == 1


def test_a_mark_survives_pickling_and_is_found_in_another_process() -> None:
    data = pickle.dumps(([foundations.ignore(3)],))
    script = (
        "import pickle, sys; from foundations.keys.ignored import without_marks;"
        "args = pickle.loads(sys.stdin.buffer.read()); print(without_marks(args, {}))"
    )
    done = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "(([3],), {})"


def test_a_stage_in_a_mark_is_found() -> None:
    assert [*holes([foundations.ignore({"x": Upstream("one")})], Upstream)] == [Upstream("one")]


def test_what_is_marked_counts_as_nothing_yet_takes_its_place() -> None:
    lock = threading.Lock()
    assert digest([1, foundations.ignore(lock)]) == digest([1, foundations.ignore(2)])
    assert digest([1, foundations.ignore(lock)]) != digest([1])
    assert digest(foundations.ignore(1)) != digest(None)
    with pytest.raises(NoStableIdentity):
        digest([1, lock])


@foundations.create_stage
def give(value: Any, *more: Any, **named: Any) -> Any:
    return value, more, named


def test_a_stage_gets_what_was_marked_also_where_it_is_a_stages_result(tmp_path: Path) -> None:
    stage = give([1, foundations.ignore(give(2))], foundations.ignore(3), x={"y": foundations.ignore(4)})
    wanted = ([1, (2, (), {})], (3,), {"x": {"y": 4}})
    graph = stage.graph({})
    assert run_here(graph) == wanted
    travelled = pickle.loads(pickle_graph(graph, tmp_path))
    assert run(travelled) == wanted


def test_a_cached_stage_is_served_whatever_was_marked() -> None:
    keys = StageKeys(bundle="b", environment="e", root=ROOT, paths=[])
    calls = [give([foundations.ignore(one), 1]).graph({}).calls[0] for one in (1, threading.Lock(), Data(1))]
    others = [give([1, 1]).graph({}).calls[0], give([foundations.ignore(1), 2]).graph({}).calls[0]]
    found = [keys.of(call, {}).fine for call in (*calls, *others)]
    assert len(set(found[:3])) == 1
    assert len(set(found)) == 3
