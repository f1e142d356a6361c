"""MLflow's `log_metric` to its file store in a new directory."""

import json
import resource
import sys
import time
from pathlib import Path

import mlflow

count = int(sys.argv[1])
mlflow.set_tracking_uri(f"{Path.cwd().as_uri()}/mlruns")
with mlflow.start_run():
    mlflow.log_metric("loss", 0.0)
began_whole = time.perf_counter()
with mlflow.start_run():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    for number in range(count):
        mlflow.log_metric("loss", number * 0.5)
    seconds = time.perf_counter() - began
    behind = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
whole = time.perf_counter() - began_whole
print(json.dumps({"seconds": seconds, "whole": whole, "before": before, "behind": behind}))
