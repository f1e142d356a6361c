"""The floor of the metrics: a list in this process."""

import json
import resource
import sys
import time

count = int(sys.argv[1])
kept: list[tuple[str, float]] = []
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
for number in range(count):
    kept.append(("loss", number * 0.5))  # noqa: PERF401 - a call a value is what is measured
seconds = time.perf_counter() - began
behind = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"seconds": seconds, "whole": seconds, "before": before, "behind": behind}))
