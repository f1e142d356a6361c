"""Graphs of every kind as real jobs: placeholders, stages on results, and whatever can be called."""

import json
from typing import Any

import pandas
import pytest

STEPS = """
    from dataclasses import dataclass
    from typing import Any

    import foundations
    from .scale import SCALE

    @dataclass(frozen=True)
    class Config:
        data: Any
        rate: float = 0.5

    def load(count, scale=1):
        return (number * scale * SCALE for number in range(count))

    def as_list(numbers):
        return list(numbers)

    def train(config, depth=2, *, seed=0):
        foundations.log_metric("loss", config.rate)
        return {"rate": config.rate, "sum": sum(config.data), "depth": depth, "seed": seed}

    @foundations.create_stage
    class Model:
        def __init__(self, rate):
            self.rate = rate

        def score(self, data, *, power=1):
            return (sum(data) * self.rate) ** power

        def pair(self):
            return self.rate, -self.rate

    class Trainer:
        def __init__(self, rate):
            self.rate = rate

        @foundations.create_stage
        def fit(self, data):
            return [self.rate * number for number in data]
"""
DRIVER = """
    import functools, json, os
    import foundations
    from foundations import Hyperparameter, create_stage
    from models.steps import Config, Model, Trainer, as_list, load, train

    foundations.set_project_name("graphs")
    load, as_list, train = map(create_stage, (load, as_list, train))

    def say(text):
        print(text)

    def timed(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            return function(*args, **kwargs)
        return wrapper

    @create_stage
    @timed
    def collect(*parts, **named):
        return parts, named

    class Own:
        def __init__(self, factor):
            self.factor = factor

        @create_stage
        def times(self, number):
            return self.factor * number

        def __call__(self, number):
            return self.factor + number

    def again(stage, *args, **kwargs):
        return stage.persist().run(*args, **kwargs).result()

    found = {}
    numbers = as_list(load(Hyperparameter(), scale=Hyperparameter("s")))
    result = train(Config(numbers, Hyperparameter("rate")), Hyperparameter(), seed=[{"k": (Hyperparameter("s"),)}])
    found["parameters"] = again(result, {"count": 3}, "placed", rate=0.25, s=2, depth=None)
    found["again"] = again(result, job_name="placed-2", count=2, rate=1, s=1, depth=4)

    first, *_, last = numbers.split(4)
    model = Model(first.stage(max, last))
    left, right = model.pair().split(2)
    found["results"] = again(
        collect(
            numbers[1:], numbers[-1], numbers.index(30), model.score(numbers, power=2), model.score([1]), left, right,
            Trainer(2).fit(numbers), Own(3).times(numbers[1]), create_stage(Own(3))(last), {last: [{first}]},
            key=numbers[numbers.index(10)], own=Own(2).times(5),
        ),
        count=4, s=1,
    )

    after, before = create_stage(say)("after"), create_stage(say)("before")
    after.require(before).run(job_name="required")
    found["here"] = collect(numbers, model.score(numbers)).run_same_process(count=4, s=1)

    for job in ("cached-1", "cached-2"):
        a, b = as_list((1, 2)).split(2)
        create_stage(dict)(a=a, b=b).keys().stage(sorted)[1].upper().enable_caching().run(job_name=job)

    found["wrong"] = []
    short = as_list(load(2))
    for wrong in (short.split(3)[0], short.head(), create_stage(dict)(a=1).split(1)[0]):
        try:
            wrong.run()
        except foundations.JobFailedError as error:
            found["wrong"].append(str(error))
    try:
        result.run(count=1)
    except ValueError as error:
        found["missing"] = str(error)
    print(json.dumps(found, default=repr))
"""


@pytest.fixture(scope="module")
def graphs(make_project: Any) -> Any:
    project = make_project("graphs")
    project.write("models/__init__.py", "")
    project.write("models/scale.py", "SCALE = 10")
    project.write("models/steps.py", STEPS)
    project.write("driver.py", DRIVER)
    ended = project.drive()
    return project, json.loads(ended.stdout.splitlines()[-1])


def test_placeholders_have_their_values_wherever_they_stand(graphs: Any) -> None:
    _, found = graphs
    assert found["parameters"] == {"rate": 0.25, "sum": 60, "depth": None, "seed": [{"k": [2]}]}
    assert found["again"] == {"rate": 1, "sum": 10, "depth": 4, "seed": [{"k": [1]}]}


def test_items_methods_parts_and_classes_are_stages(graphs: Any) -> None:
    _, found = graphs
    parts, named = found["results"]
    assert parts == [
        [10, 20, 30],
        30,
        3,
        (60 * 30) ** 2,
        30,
        30,
        -30,
        [0, 20, 40, 60],
        30,
        33,
        {"30": ["{0}"]},
    ]
    assert named == {"key": 10, "own": 10}


def test_what_is_required_runs_first(graphs: Any) -> None:
    project, _ = graphs
    assert project.log("required", "stdout") == ["before", "after"]
    before, after = project.stages("required")
    assert (before["args"], after["args"]) == (["before"], ["after"])
    assert after["parent_ids"] == [before["stage_id"]]


def test_stages_on_results_are_cached_as_others_are(graphs: Any) -> None:
    project, _ = graphs
    first, second = project.statuses("cached-1"), project.statuses("cached-2")
    assert set(first.values()) == {"succeeded"}
    assert set(second.values()) == {"cached"}
    names = {"as_list", "as_list.split(2)", "as_list[0]", "as_list[1]", "dict", "dict.keys", "sorted", "sorted[1]"}
    assert set(second) == {*names, "sorted[1].upper"}


def test_the_same_graph_gives_the_same_without_a_job(graphs: Any) -> None:
    _, found = graphs
    assert found["here"] == [[[0, 10, 20, 30], 1800], {}]


def test_an_error_of_a_stage_on_a_result_names_both(graphs: Any) -> None:
    _, found = graphs
    length, method, kind = found["wrong"]
    assert "failed in stage as_list.split(3)\n" in length
    assert length.endswith("ValueError: split(3) of the result of stage as_list wants 3 parts and got a list of 2")
    assert "failed in stage as_list.head\n" in method
    assert "AttributeError: the result of stage as_list is a list, which has no method head (" in method
    assert "TypeError: split(1) of the result of stage dict wants 1 parts and got a dict; return" in kind


def test_a_missing_parameter_leaves_no_job(graphs: Any) -> None:
    project, found = graphs
    assert found["missing"].startswith("the parameters 'rate', 'depth', 's' are missing; pass values to run: run(")
    assert len(project.metrics("graphs")) == 9


def test_the_frames_have_parameters_and_what_they_are_in_the_stages(graphs: Any) -> None:
    project, _ = graphs
    frame = project.metrics("graphs").set_index("job_id")
    row = frame.loc["placed"]
    assert (row["count"], row["s"], row["rate"]) == (3, 2, 0.25)
    assert pandas.isna(row["depth-2"])
    assert (row["count-0"], row["scale-0"], row["numbers-1"]) == (3, 2, "load")
    assert row["seed-2"] == [{"k": [2]}]
    assert frame.loc["placed-2", "depth"] == 4
    information = project.reader.get_job_information()
    assert set(information[information.job_name == "placed-2"]["count"]) == {2}
