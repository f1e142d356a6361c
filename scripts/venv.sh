#!/usr/bin/env bash
# Makes .venv with the package, editable: venv.sh [EXTRA]. Does nothing where pyproject.toml has not changed since.
set -euo pipefail

repo="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
venv="$repo/.venv"
extra="${1:-}"

say() { printf 'venv: %s\n' "$*"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

find_python() {
    local name
    for name in ${PYTHON:-} python3 python3.11 python3.12 python3.13; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    echo "venv: no Python 3.11, 3.12 or 3.13 was found; install one, or name it: make PYTHON=/path/to/python3.12" >&2
    exit 1
}

# Debian and Ubuntu split venv off from python3.
ensure_venv_module() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    if ! command -v apt-get >/dev/null; then
        echo "venv: $1 has no venv module; install it (on Debian: python3-venv)" >&2
        exit 1
    fi
    say "installing python3-venv"
    # the lists of a fresh machine may be missing or old
    apt_install 2>/dev/null || { as_root apt-get update -q >/dev/null && apt_install; }
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends python3-venv >/dev/null
}

if [ ! -x "$venv/bin/python" ]; then
    python="$(find_python)"
    ensure_venv_module "$python"
    say "making .venv with $("$python" --version)"
    "$python" -m venv "$venv"
fi

stamp="$venv/.installed${extra:+-$extra}"
wanted="$(sha256sum "$repo/pyproject.toml" | cut -d' ' -f1)"
if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ]; then
    say "installing foundations${extra:+ and the tools for $extra}"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --editable "$repo${extra:+[$extra]}"
    echo "$wanted" >"$stamp"
fi
