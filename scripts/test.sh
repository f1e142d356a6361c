#!/usr/bin/env bash
# Every test: makes sure of an engine, a base image and the S3 server, then runs pytest with the arguments given.
set -euo pipefail

repo="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
python="$repo/.venv/bin/python"

# what the script says is shown, why it gave up is kept
exec 3>&1
if reason="$("$repo/scripts/engine.sh" start 2>&1 >&3)"; then
    "$repo/scripts/base_image.sh" --python "$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
elif [ "${CI:-}" = true ]; then
    printf 'no Docker engine, and in CI the Docker tests must run: %s\n' "$reason" >&2
    exit 1
fi
exec "$python" -m pytest "$@"
