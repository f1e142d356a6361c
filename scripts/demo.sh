#!/usr/bin/env bash
# The guide's sample in a container, from nothing: `make demo`.
set -euo pipefail

repo="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
python="$repo/.venv/bin/python"
took=()

step() {
    local name="$1" began ended
    shift
    began="$(date +%s%N)"
    "$@"
    ended="$(date +%s%N)"
    took+=("$(printf '%7.2f s  %s' "$(((ended - began) / 1000000))e-3" "$name")")
}

base() { "$repo/scripts/base_image.sh" --python "$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"; }
job() { (cd "$repo/examples/step_by_step" && FOUNDATIONS_ENVIRONMENT=docker "$python" driver.py); }

frame() {
    (cd "$repo/examples/step_by_step" && FOUNDATIONS_ENVIRONMENT=docker "$python" - <<'PYTHON'
import foundations
from foundations.archives import selected_archive

frame = foundations.get_metrics_for_all_jobs("demo_project")
print("\nget_metrics_for_all_jobs(\"demo_project\")\n")
print(frame.to_string())
print("\nthe archive is in", selected_archive().location)
PYTHON
    )
}

step "Python environment in .venv" "$repo/scripts/venv.sh"
step "Docker engine" "$repo/scripts/engine.sh" start
step "base image" base
step "the job: examples/step_by_step/driver.py" job
step "reading the frame" frame
printf '\nwhat each step took\n'
printf '%s\n' "${took[@]}"
