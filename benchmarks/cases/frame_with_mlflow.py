"""Prints how long MLflow's search_runs takes over runs that it logged just before."""

import json
import random
import sys
import time
from pathlib import Path

import mlflow
from mlflow.entities import Metric, Param


def main() -> None:
    runs, metrics, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    place = Path("runs").absolute()
    mlflow.set_tracking_uri(f"sqlite:///{place}.db" if kind == "sqlite" else place.as_uri())
    client, experiment = mlflow.MlflowClient(), mlflow.create_experiment("benchmark")
    for number in range(runs):
        run = client.create_run(experiment, start_time=number)
        values = random.Random(number)
        logged = [Metric(f"metric_{key:02d}", values.random(), number, 0) for key in range(metrics)]
        client.log_batch(run.info.run_id, metrics=logged, params=[Param("rate", str(values.random()))])
        client.set_terminated(run.info.run_id)
    began = time.perf_counter()
    frame = mlflow.search_runs([experiment], max_results=runs)
    seconds = time.perf_counter() - began
    assert len(frame) == runs
    assert f"metrics.metric_{metrics - 1:02d}" in frame
    print(json.dumps({"seconds": seconds, "runs": runs}))


if __name__ == "__main__":
    main()
