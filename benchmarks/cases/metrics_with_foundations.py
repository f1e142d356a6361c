"""`log_metric` in a stage that times its own loop and looks at its worker's memory."""

import json
import resource
import sys
import time

import foundations

count = int(sys.argv[1])


def log(count: int) -> tuple[float, int, int]:
    """Return the seconds that the calls took, and the worker's peak memory before and behind them, in kB."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    for number in range(count):
        foundations.log_metric("loss", number * 0.5)
    seconds = time.perf_counter() - began
    return seconds, before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    log_stage = foundations.create_stage(log)
    log_stage(1).run()
    began = time.perf_counter()
    seconds, before, behind = log_stage(count).persist().run().result()
    print(json.dumps({"seconds": seconds, "whole": time.perf_counter() - began, "before": before, "behind": behind}))
